import type { Attributes } from '@opentelemetry/api';
import type { Message, ToolDefinition } from '../config/completion-types.ts';
import type { Route } from '../sdk/routes/index.ts';
import type { Fees } from './cost/prices.ts';
import type { Usage } from './cost/usage.ts';
import type { Failure } from './error.ts';
import type { TextLimits } from './kept-text.ts';

/** One request to the API. */
export interface ApiRequest {
  readonly method: string;
  readonly route: Route;
  /** Values of the path parameters, in the order of `route.parameters`. */
  readonly values: readonly (string | undefined)[];
  readonly body: unknown;
  /** The query parameters, as the object that was passed to the SDK. */
  readonly query?: unknown;
  /** What the SDK notes about the request. It names the model of a form whose file is a stream. */
  readonly sdkMetadata?: unknown;
  readonly streamed: boolean;
  /** The deployment of an `AzureOpenAI` client that the request goes to, which takes the place of the model. */
  readonly deployment: string | undefined;
}

/** A tool call that the model asked for. */
export interface RequestedToolCall {
  readonly id: string | undefined;
  readonly name: string;
  /** Of a function that is in one. */
  readonly namespace?: string | undefined;
  /** The type in the API: `function`, `code_interpreter`, … */
  readonly type: string;
  /** Set if content is recorded and the output messages do not contain it. */
  readonly content?: { readonly arguments: unknown; readonly result: unknown };
  /** Identifies its name and arguments. */
  fingerprint?(): string | undefined;
}

/** The content of an operation, which is recorded only with consent. */
export interface OperationContent {
  /** Request parameters that are content. */
  requestAttributes?(request: ApiRequest): Attributes;
  systemInstructions?(request: ApiRequest): readonly Message['parts'][number][];
  inputMessages?(request: ApiRequest): readonly Message[];
  toolDefinitions?(request: ApiRequest): readonly ToolDefinition[];
  /** The whole input, if some of it is told after the start. */
  lateInput?(): readonly Message[] | undefined;
  outputMessages?(result: unknown): readonly Message[];
  /** The results of a search. */
  documents?(result: unknown): readonly unknown[];
}

/**
 * The meaning of one kind of call. Every file in `src/operations` exports one of these. All functions are pure and treat
 * requests and results as untrusted.
 */
export interface Operation {
  /** Method and path template of each endpoint: `POST /chat/completions`. */
  readonly endpoints: readonly string[];
  readonly traits?: OperationTraits;
  /** `gen_ai.operation.name`; `undefined` if the conventions define none for the endpoint. */
  readonly name?: string;
  /** The name of the span, from what is known at its start. */
  spanName(request: ApiRequest): string;
  /** The attributes that the span starts with, so that samplers see them: operation, model, target. */
  requestAttributes(request: ApiRequest): Attributes;
  /** The other request parameters. They are not read for calls of which only metrics are recorded. */
  parameterAttributes?(request: ApiRequest): Attributes;
  /** The attributes of the result, plain or accumulated from a stream. */
  resultAttributes(result: unknown, route: Route): Attributes;
  /** Tokens that the call spent. */
  usage?(result: unknown): Usage | undefined;
  /** Tokens that other calls spent and the result sums up. They are recorded as totals and feed no metric. */
  spentElsewhere?(result: unknown): TotalSpent | undefined;
  /** What the API bills besides tokens. */
  fees?(result: unknown): Fees;
  /** The failure that a result reports although the call itself succeeded. */
  failure?(result: unknown): Failure | undefined;
  /** The tool calls that the result asks for or reports. */
  toolCalls?(result: unknown): readonly RequestedToolCall[];
  /**
   * Accumulates the chunks of a stream into the result that a plain call would have returned.
   *
   * @param content the limits for texts; `undefined` if content is not recorded
   */
  accumulate?(content: TextLimits | undefined): Accumulator;
  readonly content?: OperationContent;
}

/** Tokens of several calls together, and the service tier that they were billed in. */
export interface TotalSpent {
  readonly usage: Usage;
  readonly serviceTier: string;
  readonly calls: number;
}

/** The kinds of inferences that other instrumentations of `openai` record, too. */
export type InferenceKind = 'chat' | 'text_completion' | 'embeddings' | 'retrieval' | 'image';

/** What the engine must know about an operation. */
export interface OperationTraits {
  /** Other instrumentations may record the same inference. */
  readonly inference?: InferenceKind;
  /** A stream reports its usage only if the request asks for it. */
  readonly reportsUsageOnRequest?: true;
  /** An answer with a finish reason other than `error` has not failed, so its failure is not read. */
  readonly failsWithoutReason?: true;
  /** It creates a resource with metadata, which can carry the trace context. */
  readonly createsMetadata?: true;
  /** A model runs, although the conventions define no operation. */
  readonly runsModel?: true;
  /** The operation of the conventions that its tokens are counted under, where it is none itself. */
  readonly tokensOf?: 'chat';
  /** The API runs an agent: hooks see the operation `invoke_agent`, whose span the hierarchy creates. */
  readonly invokesAgent?: true;
}

/**
 * Accumulates a stream chunk by chunk. A stream may never end, so an accumulator keeps types, ids, names and counts,
 * some arguments of tool calls and, if content is recorded, as much text as the limits allow.
 */
export interface Accumulator {
  /** @returns `true` if the chunk completes the answer or a choice of it; others may follow */
  add(chunk: unknown): boolean | undefined;
  result(): unknown;
  /** `false`: the server has not said that the answer is over, so a stream that ends now was cut. */
  readonly hasEnd?: boolean;
  /** The number of tool calls beyond those that the result contains. */
  readonly skippedCalls?: number;
  /** The number of chunks that contain a piece of the answer. */
  readonly contentChunks?: number;
}
