import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart, ToolDefinition } from '../config/completion-types.ts';
import type { ToolCallSnapshot } from '../operations/execute-tool.ts';
import type { Usage } from '../telemetry/cost/usage.ts';
import type { Failure } from '../telemetry/outcomes/failure.ts';

export type { ToolCallContent, ToolCallSnapshot } from '../operations/execute-tool.ts';
export type { ConversationKind } from '../telemetry/place.ts';

/**
 * The model of the hierarchy, shared by all APIs: a conversation (thread, session) has invocations (run, turn), an
 * invocation has steps (run step, turn item), and a step has tool calls.
 *
 * A snapshot is the state that one API object reports. Its times are milliseconds since the epoch on the server's
 * clock, which counts whole seconds.
 */

export type Phase =
  | 'open'
  /** Waits for the program, for example for the output of a tool. */
  | 'waiting'
  | 'ended';

export interface InvocationSnapshot {
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly agentId: string | undefined;
  readonly status: string;
  readonly phase: Phase;
  readonly model: string | undefined;
  /** Request parameters, as span attributes. */
  readonly parameters: Attributes;
  readonly createdAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly usage: Usage | undefined;
  readonly failure: Failure | undefined;
  readonly finishReason: string | undefined;
  /** The tool calls that the program must answer. */
  readonly pendingToolCalls: readonly ToolCallSnapshot[];
  readonly vectorStoreIds: readonly string[];
  readonly content: InvocationContent | undefined;
}

/** Values for the fields that an API object may leave out. */
export const EMPTY_SNAPSHOT: Omit<InvocationSnapshot, 'id' | 'conversationId' | 'status' | 'phase'> = {
  agentId: undefined,
  model: undefined,
  parameters: {},
  createdAt: undefined,
  endedAt: undefined,
  expiresAt: undefined,
  usage: undefined,
  failure: undefined,
  finishReason: undefined,
  pendingToolCalls: [],
  vectorStoreIds: [],
  content: undefined,
};

export interface InvocationContent {
  readonly systemInstructions: readonly MessagePart[];
  readonly toolDefinitions: readonly ToolDefinition[];
}

/** A step is one model call, whose output is a message or tool calls. */
export interface StepSnapshot {
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly invocationId: string;
  readonly type: string;
  readonly status: string;
  readonly ended: boolean;
  readonly createdAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly usage: Usage | undefined;
  readonly failure: Failure | undefined;
  readonly messageId: string | undefined;
  readonly toolCalls: readonly ToolCallSnapshot[];
  /** How many further tool calls the step has. */
  readonly skippedToolCalls: number;
}

export interface MessageSnapshot {
  readonly id: string;
  /** Whether the message is an input of the invocation. Otherwise, the invocation created it. */
  readonly isInput?: boolean;
  readonly conversationId: string | undefined;
  readonly invocationId: string | undefined;
  readonly role: string;
  readonly createdAt?: number | undefined;
  readonly content: Message | undefined;
}

export interface Agent {
  readonly id: string;
  readonly name: string | undefined;
  readonly model: string | undefined;
  readonly vectorStoreIds?: readonly string[];
}
