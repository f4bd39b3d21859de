import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../config/completion-types.ts';
import type { AgentContent } from '../operations/create-agent.ts';
import type { ToolCallSnapshot } from '../operations/execute-tool.ts';
import type { ApiRequest } from '../operations/index.ts';
import type { Usage } from '../telemetry/cost/usage.ts';
import type { Failure } from '../telemetry/outcomes/failure.ts';
import type { ToolOutcome } from '../telemetry/outcomes/tool-outcome.ts';
import type { ConversationKind } from '../telemetry/place-attributes.ts';

export type { ToolCallContent, ToolCallSnapshot } from '../operations/execute-tool.ts';

/*
 * The contract between the engine and the dialects. A dialect reads one API's objects and reports facts,
 * without access to spans or the network. The engine applies the facts, and decides what is recorded and where.
 *
 * All APIs share one model: a conversation (thread, session) has invocations (run, turn), an invocation has steps (run
 * step, turn item), and a step has tool calls. A snapshot is the state that one API object reports. Its times are
 * milliseconds since the epoch on the server's clock, which counts whole seconds.
 */

interface ObjectSnapshot {
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly createdAt?: number | undefined;
}

interface OperationSnapshot extends ObjectSnapshot {
  readonly status: string;
  readonly endedAt?: number | undefined;
  readonly usage: Usage | undefined;
  readonly failure: Failure | undefined;
}

export interface InvocationSnapshot extends OperationSnapshot, AgentSettings {
  /** `waiting`: for the program, for example for the output of a tool. */
  readonly phase: 'open' | 'waiting' | 'ended';
  readonly expiresAt?: number | undefined;
  readonly finishReason?: string | undefined;
  readonly pendingToolCalls?: readonly ToolCallSnapshot[] | undefined;
}

/** A step is one model call, whose output is a message or tool calls. */
export interface StepSnapshot extends OperationSnapshot {
  readonly invocationId: string;
  readonly type: string;
  readonly ended: boolean;
  readonly messageId: string | undefined;
  readonly toolCalls: readonly ToolCallSnapshot[];
  /** How many tool calls the step has, including those that `toolCalls` does not contain. */
  readonly callCount: number;
}

export interface MessageSnapshot extends ObjectSnapshot {
  /** Whether the message is an input of the invocation. Otherwise, the invocation created it. */
  readonly isInput?: boolean;
  readonly invocationId: string | undefined;
  readonly role: string;
  readonly content: Message | undefined;
}

export interface Agent {
  readonly id: string;
  readonly name: string | undefined;
  readonly model: string | undefined;
  readonly vectorStoreIds?: readonly string[];
}

export interface Intent {
  readonly conversation: 'creates' | 'changes' | 'reads' | 'deletes' | 'none';
  readonly conversationId: string | undefined;
  /**
   * - `starts`: starts an invocation, unless one in progress receives the messages.
   * - `drives`: polls, cancels or answers an invocation.
   * - `lists`: lists the steps of an invocation.
   */
  readonly invocation: 'starts' | 'drives' | 'lists' | 'none';
  readonly invocationId: string | undefined;
  /**
   * The messages in the request. If content is not recorded, there is one `undefined` for each user message, and
   * messages of other roles are left out.
   */
  readonly messages: readonly (Message | undefined)[];
  /** The message that the request deletes. */
  readonly deletedId?: string | undefined;
  readonly outputs: readonly ToolOutput[];
}

export interface ToolOutput {
  /** `undefined` for the invocation that the request itself names. */
  readonly invocationId: string | undefined;
  readonly callId: string;
  readonly output: unknown;
  /** `undefined` for success. */
  readonly outcome: ToolOutcome | undefined;
}

export interface AgentSettings {
  readonly agentId?: string | undefined;
  readonly agent?: Agent | undefined;
  readonly model?: string | undefined;
  readonly parameters?: Attributes | undefined;
  readonly content?: AgentContent | undefined;
  readonly vectorStoreIds?: readonly string[];
}

export interface InvocationFact {
  readonly snapshot: InvocationSnapshot;
  readonly subagentId?: string | undefined;
  /** The invocation that the subagent works for. If unknown, the subagent's creator and the times decide. */
  readonly aboveId?: string | undefined;
  /** Set if an event of an Agents API stream reports that the invocation has just begun or ended. */
  readonly moment?: 'begun' | 'ended' | undefined;
  /** The API's run object, with the metadata that the run's creator wrote. Not set for turns: they have no metadata. */
  readonly object?: unknown;
}

/** A tool call that belongs to no step. */
export interface ToolCallFact {
  readonly invocationId: string;
  readonly call: ToolCallSnapshot;
  /** Whether the call has begun now, or the program runs the tool, so that the program's output ends the call. */
  readonly begun: boolean;
  readonly ended: boolean;
  /** How long the call took, in milliseconds; `undefined` if the object does not report it. */
  readonly duration: number | undefined;
}

export interface ConversationFact {
  /** By default, the conversation that the request names. */
  readonly id: string | undefined;
  /** `idle`: nothing is in progress. */
  readonly state?: 'idle' | 'failed' | 'open' | undefined;
  readonly agent?: AgentSettings | undefined;
  readonly actions?: readonly RequiredAction[];
  readonly object?: unknown;
  /** Why the conversation has failed, or is about to fail. */
  readonly failure?: Failure | undefined;
  readonly event?: { readonly id: string | undefined; readonly attributes: Attributes };
}

export interface RequiredAction {
  readonly type: string;
  readonly id: string | undefined;
  readonly invocationId: string | undefined;
  readonly call: ToolCallSnapshot | undefined;
}

export interface SubagentFact {
  readonly conversationId: string;
  readonly id: string;
  readonly name: string | undefined;
  /** The agent that created the subagent: the session's agent or another subagent. */
  readonly parentAgentId: string | undefined;
  /** The subagent's task; empty if content is not recorded. */
  readonly instructions: readonly MessagePart[];
}

/** The trace that OpenAI itself has recorded of a turn. */
export interface HostedTurn extends ObjectSnapshot {
  readonly conversationId: string;
  /** An `ExportTraceServiceRequest` in OTLP JSON. */
  readonly document: unknown;
}

/** How much of an invocation has to be read from the API's objects. */
export type WantedDetail = 'nothing' | 'changes' | 'everything';

export interface FactSink {
  readonly content: boolean;
  wants(invocationId: string | undefined, conversationId?: string): WantedDetail;
  agent(agent: Agent): void;
  vectorStores(conversationId: string, vectorStoreIds: readonly string[]): void;
  conversation(fact: ConversationFact): void;
  subagent(fact: SubagentFact): void;
  invocation(fact: InvocationFact): void;
  /** The steps of a list are reported in order. */
  step(step: StepSnapshot): void;
  message(message: MessageSnapshot): void;
  toolCall(fact: ToolCallFact): void;
  toolResult(output: ToolOutput & { readonly invocationId: string }): void;
  /**
   * Reports a piece of streamed text or code by its ids alone, because a stream has thousands of pieces.
   *
   * @param isToken whether the piece has any text; default: `true`. The first ones may have only a type or a name
   */
  text(invocationId: string | undefined, stepOrMessageId: string | undefined, isToken?: boolean): void;
  hostedTurn(turn: HostedTurn): void;
}

/** Sends one of our own GET requests to the API when its turn comes. The controller can abort the request. */
export type Send = <Answer>(request: (controller: AbortController) => Promise<Answer>) => Promise<Answer>;

export type Get = (path: string, query?: Readonly<Record<string, unknown>>) => Promise<unknown>;

export interface InvocationView {
  readonly id: string | undefined;
  readonly conversationId: string | undefined;
  readonly start: { readonly subagentId?: string | undefined };
  readonly snapshot: Pick<InvocationSnapshot, 'usage' | 'createdAt' | 'endedAt'> | undefined;
  /** Whether all input and output messages of the model are known. */
  readonly knowsMessages: boolean;
  readonly isComplete: boolean;
}

export interface Dialect {
  readonly kind: ConversationKind;
  /** Whether the answer to a request for an invocation contains its id. If not, later events or lists do. */
  readonly identifiesAtOnce: boolean;
  intent(request: ApiRequest, content: boolean): Intent;
  requested(request: ApiRequest, content: boolean): AgentSettings;
  conversationOf(value: unknown): string | undefined;
  /** Reads the result of a call: one object, or a list that the query asked for. */
  read(value: unknown, sink: FactSink, query?: unknown): void;
  readEvent(event: unknown, sink: FactSink): void;
  /** Reads an invocation whose end was not seen, with one request. Rejects with the SDK's error. */
  readEnd(invocation: InvocationView, get: Get, sink: FactSink): Promise<void>;
  /**
   * Reads the missing details of an invocation whose end was seen. Rejects with the SDK's error.
   *
   * @param isRead whether `readEnd` has just read the invocation itself
   * @returns whether everything is known now
   */
  readDetails(invocation: InvocationView, get: Get, sink: FactSink, isRead: boolean): Promise<boolean>;
  /** The path of an agent's object. Not set for APIs whose conversations contain their agent. */
  agentPath?(agentId: string): string;
  /** The `OpenAI-Beta` header of our own GET requests, if the request of the user's program had none. */
  readonly version: string;
}

export interface CallFacts {
  readonly name: string;
  /** `undefined` if the arguments could not be hashed. */
  readonly fingerprint: string | undefined;
}

/** A tool call that a model's answer requests from the program, or that the API itself has run for the answer. */
export interface RequestedCall {
  readonly call: ToolCallSnapshot;
  readonly asksProgram: boolean;
  /** Computed only when it is needed, because hashing arguments may take long. */
  readonly fingerprint: () => string | undefined;
}

export interface ToolResult {
  readonly id: string;
  /** Called only for a pending call, because hashing arguments may take long. */
  readonly repeated: () => CallFacts | undefined;
  readonly output: () => unknown;
  /** The outcome that the result reports, or else the one given to `results`; `undefined` for success. */
  readonly outcome: () => ToolOutcome | undefined;
  /** A hash of the last messages before the call, if the request repeats these messages and the call. */
  readonly question: () => string | undefined;
}

export interface ModelDialect {
  /** @param outcome the outcome of results that do not report one */
  results(body: unknown, outcome?: ToolOutcome): readonly ToolResult[];
  calls(answer: unknown, options: { readonly content: boolean }): readonly RequestedCall[];
  /** The parts of a streamed answer that have arrived in full. */
  finished(answer: unknown): unknown;
  /** The text or the messages that the model replies to. */
  input(body: unknown): unknown;
  vectorStoreIds?(body: unknown): readonly string[];
  conversationOf?(answer: unknown): string | undefined;
  idOf?(answer: unknown): string | undefined;
}
