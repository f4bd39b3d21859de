import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../config/completion-types.ts';
import type { ApiRequest } from '../operations/index.ts';
import type { Failure } from '../telemetry/outcomes/failure.ts';
import type { ToolOutcome } from '../telemetry/outcomes/tool-outcome.ts';
import type {
  Agent,
  ConversationKind,
  InvocationContent,
  InvocationSnapshot,
  MessageSnapshot,
  StepSnapshot,
  ToolCallSnapshot,
} from './model.ts';

/**
 * The contract between the engine and the dialects. A dialect reads what one API says and writes facts; it knows no
 * span and no network. The engine applies the facts, and decides what is recorded and where it belongs.
 */

/** What a request intends. */
export interface Intent {
  readonly conversation: 'creates' | 'changes' | 'reads' | 'deletes' | 'none';
  readonly conversationId: string | undefined;
  /**
   * - `starts`: asks for an invocation, unless one is in progress that takes the messages.
   * - `drives`: polls, cancels or answers an invocation.
   * - `lists`: lists the steps of an invocation.
   */
  readonly invocation: 'starts' | 'drives' | 'lists' | 'none';
  readonly invocationId: string | undefined;
  /** Whether the server accepts it only while the invocation is in progress. */
  readonly needsOpenInvocation: boolean;
  /**
   * The messages that the request brings: one entry for each of the user, with content if content is recorded; those of
   * another role only with content.
   */
  readonly messages: readonly (Message | undefined)[];
  /** The outputs of tools that the request brings. */
  readonly outputs: readonly ToolOutput[];
}

/** The program's output of a tool call. */
export interface ToolOutput {
  /** `undefined` for the invocation that the request drives. */
  readonly invocationId: string | undefined;
  readonly callId: string;
  readonly output: unknown;
  /** `undefined` for success. */
  readonly outcome: ToolOutcome | undefined;
}

/** The settings of an agent, as far as a request or an object shows them. */
export interface AgentSettings {
  readonly agentId: string | undefined;
  readonly agent: Agent | undefined;
  readonly model: string | undefined;
  readonly parameters: Attributes;
  readonly content: InvocationContent | undefined;
  /** The vector stores that it may search. */
  readonly vectorStoreIds?: readonly string[];
}

export interface InvocationFact {
  readonly snapshot: InvocationSnapshot;
  /** The subagent that works on it. */
  readonly subagentId?: string | undefined;
  /** The invocation that it works for, where that is known from more than times. */
  readonly aboveId?: string | undefined;
  /** What an event reports about it, besides its state. */
  readonly moment?: 'begun' | 'ended' | undefined;
  /** The object with the metadata that the creator wrote. */
  readonly object?: unknown;
}

/** A tool call that belongs to no step. */
export interface ToolCallFact {
  readonly invocationId: string;
  readonly call: ToolCallSnapshot;
  /** Whether the program runs the tool, so that its output ends the call. */
  readonly asksProgram: boolean;
  readonly begun: boolean;
  readonly ended: boolean;
  /** Milliseconds, if the object reports it. */
  readonly duration: number | undefined;
}

/** The state of a conversation that reports it, such as a session. */
export interface ConversationFact {
  readonly id: string;
  /** `idle`: nothing is in progress. */
  readonly state: 'idle' | 'failed' | 'open' | undefined;
  readonly agent: AgentSettings | undefined;
  readonly error: unknown;
  /** What the program must do before it continues. */
  readonly actions: readonly RequiredAction[];
  /** The object with the metadata that the creator wrote. */
  readonly object?: unknown;
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
  /** The agent that created it: the session's, or another subagent. */
  readonly parentAgentId: string | undefined;
  /** Its task; empty where content is not recorded. */
  readonly instructions: readonly MessagePart[];
}

/** How much of an invocation's object is worth reading. */
export type WantedDetail = 'nothing' | 'changes' | 'everything';

/** Takes facts. In the product this is the engine; tests record them. */
export interface FactSink {
  /** Whether content is recorded. */
  readonly content: boolean;
  /** Asked before an invocation, or something of it, is read. */
  wants(invocationId: string | undefined, conversationId?: string): WantedDetail;
  /** Whether this process uses the conversation. */
  uses(conversationId: string | undefined): boolean;
  agent(agent: Agent): void;
  /** The vector stores that the invocations of a conversation may search. */
  vectorStores(conversationId: string, vectorStoreIds: readonly string[]): void;
  conversation(fact: ConversationFact): void;
  /** Something happened to the conversation: an event on its span. */
  conversationEvent(
    conversationId: string | undefined,
    eventId: string | undefined,
    attributes: Attributes,
  ): void;
  /** The reason for which the conversation is about to fail. */
  conversationFailure(conversationId: string | undefined, failure: Failure): void;
  subagent(fact: SubagentFact): void;
  invocation(fact: InvocationFact): void;
  step(step: StepSnapshot): void;
  /** The order of steps in a list. `earlier`: the list continues before those that are known. */
  order(invocationId: string, stepIds: readonly string[], earlier: boolean): void;
  message(message: MessageSnapshot): void;
  toolCall(fact: ToolCallFact): void;
  toolResult(output: ToolOutput & { readonly invocationId: string }): void;
  /** A piece of text or code, without an object: streams have thousands. The ids are those that the event has. */
  text(invocationId: string | undefined, stepOrMessageId: string | undefined): void;
}

/** Sends a request of a read when it is its turn. The controller aborts it. */
export type Send = <Answer>(request: (controller: AbortController) => Promise<Answer>) => Promise<Answer>;

/** Sends a GET request with the program's client. */
export interface Get {
  (path: string, query?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The `OpenAI-Beta` header that it sends. */
  readonly version: string;
}

/** What a dialect may look at while it reads the details of an ended invocation. */
export interface InvocationView {
  readonly id: string | undefined;
  readonly conversationId: string | undefined;
  readonly subagentId: string | undefined;
  readonly life: { readonly endTime: number | undefined };
  readonly snapshot: Pick<InvocationSnapshot, 'usage' | 'createdAt' | 'endedAt'> | undefined;
  /** Whether all messages are known that the model was given, and all that it made. */
  readonly knowsMessages: boolean;
  /** Whether everything about it is known. */
  readonly isComplete: boolean;
}

/** One API in the terms of the hierarchy. */
export interface Dialect {
  readonly kind: ConversationKind;
  /** `openai.api.type` of the requests that have spans of their own. */
  readonly attributes: Attributes;
  /** Whether the answer to the request for an invocation reports its id. If not, later events or lists do. */
  readonly identifiesAtOnce: boolean;
  intent(request: ApiRequest, content: boolean): Intent;
  /** What the request for an invocation says about it. */
  requested(request: ApiRequest, content: boolean): AgentSettings;
  /** The conversation that an object is or belongs to. */
  conversationOf(value: unknown): string | undefined;
  /** The id of an invocation; `undefined` for any other object. */
  invocationOf(value: unknown): string | undefined;
  /** Reads the result of a call: one object, or a list that the query asked for. */
  read(value: unknown, sink: FactSink, query?: unknown): void;
  /** Reads an event of a stream. */
  readEvent(event: unknown, sink: FactSink): void;
  /**
   * Reads an invocation whose end was not seen, with one request.
   *
   * @throws the SDK's error
   */
  readEnd(invocation: InvocationView, get: Get, sink: FactSink): Promise<void>;
  /**
   * Reads the missing details of an ended invocation.
   *
   * @returns whether everything about it is known now
   * @throws the SDK's error
   */
  readDetails(invocation: InvocationView, get: Get, sink: FactSink): Promise<boolean>;
  /** The path of an agent's object; not set in APIs whose conversations contain it. */
  agentPath?(agentId: string): string;
  /** The `OpenAI-Beta` header of background reads where the program's own request had none. */
  readonly version: string;
}

/** What is called, and with what. */
export interface CallFacts {
  readonly name: string;
  /** Of the name and arguments. `undefined` where the arguments are too long, or were not kept of a stream. */
  readonly fingerprint: string | undefined;
}

/** A tool call that an answer asks for, or that the API has run for it. */
export interface RequestedCall {
  readonly itemId: string | undefined;
  readonly call: ToolCallSnapshot;
  /** Whether the program answers it in a later request. */
  readonly asksProgram: boolean;
  /** `undefined` if it succeeded, or the program answers it. */
  readonly outcome: ToolOutcome | undefined;
  /** Of its name and arguments, computed where it is needed. */
  readonly fingerprint: () => string | undefined;
}

/** The result of a tool call, as a request brings it. */
export interface ToolResult {
  /** Of the call. */
  readonly id: string;
  /** The call as the request repeats it; gives `undefined` where it does not. */
  readonly repeated: () => CallFacts | undefined;
  readonly output: () => unknown;
  /** What it says of the call: that it was refused, denied, or failed. */
  readonly outcome: () => ToolOutcome | undefined;
  /** A hash of what stands before that call. */
  readonly question: () => string | undefined;
  /** Whether an earlier request may have brought it, and all results after it. */
  readonly mayBeOld: boolean;
}

/** One API whose requests are model calls. */
export interface ModelDialect {
  /**
   * The results of tool calls that a request brings.
   *
   * @param outcome of those that do not tell it
   */
  results(body: unknown, outcome?: ToolOutcome): Iterable<ToolResult>;
  calls(answer: unknown, options: { readonly content: boolean }): readonly RequestedCall[];
  /** The parts of a streamed answer that have arrived in full. */
  finished(answer: unknown): unknown;
  /** What the model replies to, if it is short. */
  lastMessages(body: unknown): unknown;
  /** The number of user messages that a request adds. */
  userMessages(body: unknown): number;
  /** The vector stores that the model may search. */
  vectorStoreIds(body: unknown): readonly string[];
  /** Whether a result is an answer, however short. */
  isAnswer(result: unknown): boolean;
  /** The conversation that an answer names. */
  conversationOf?(answer: unknown): string | undefined;
  /** The id by which later requests refer to an answer. */
  idOf?(answer: unknown): string | undefined;
}
