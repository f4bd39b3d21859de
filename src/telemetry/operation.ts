import type { Attributes } from '@opentelemetry/api';
import type { Route } from '../sdk/routes/index.ts';
import type { Content } from './content/content-writer.ts';
import type { TextLimits } from './content/kept-content.ts';
import type { Fees, Spending } from './cost/billed-amounts.ts';
import type { Spent, Usage } from './cost/usage.ts';
import type { Failure } from './outcomes/failure.ts';

/** One request to the API. */
export interface ApiRequest {
  readonly method: string;
  readonly route: Route;
  /** Values of the path parameters, in the order of `route.parameters`. */
  readonly values: readonly (string | undefined)[];
  readonly body: unknown;
  /** The query parameters, as the object that was passed to the SDK. */
  readonly query?: unknown;
  /** The SDK's own notes about the request. They name the model if the body is a form whose file is a stream. */
  readonly sdkMetadata?: unknown;
  readonly streamed: boolean;
  /** The deployment of an `AzureOpenAI` client that the request goes to, which replaces the model. */
  readonly deployment: string | undefined;
}

/** A tool call that the model asked for. */
export interface RequestedToolCall {
  readonly id: string | undefined;
  readonly name: string;
  /** The namespace of a function, if it is in one. */
  readonly namespace?: string | undefined;
  /** The type in the API: `function`, `code_interpreter`, … */
  readonly type: string;
  /** Set if content is recorded and the output messages do not contain it. */
  readonly content?: { readonly arguments?: unknown; readonly result?: unknown };
  /** Returns the same text for calls with the same name and arguments. */
  fingerprint?(): string | undefined;
}

/**
 * What is recorded of one kind of operation. The recorder creates span, metrics, log records and sink events from it,
 * so kinds differ in nothing else. All functions are pure. Requests come from the program and results from the server,
 * so both may be malformed.
 *
 * @typeParam Request what is known when it starts
 * @typeParam Result what is known when it ends
 */
export interface OperationKind<Request, Result> {
  /** `gen_ai.operation.name`; `undefined` if the conventions define none. */
  readonly name?: string;
  /** The kind of its span. Default: client. */
  readonly kind?: 'internal';
  /**
   * - By default, it is a call. The sink gets its events. Its duration and usage are measured if the conventions name it.
   * - `local`: the program itself runs it, and only its duration is measured.
   * - `unmeasured`: it is neither measured nor passed to the sink, because the operation around it or its parts are.
   */
  readonly scope?: 'local' | 'unmeasured';
  /** Set if it outlives the call that began it. It keeps no context of a caller, and viewers wait for its trace. */
  readonly isLasting?: true;
  readonly traits?: OperationTraits;
  /** The name of the span, from what is known at its start. Default: the operation and the requested model. */
  spanName?(request: Request): string;
  /** The attributes that the span starts with, so that samplers see them: operation, model, target. */
  requestAttributes(request: Request): Attributes;
  /** The other request parameters. They are not read for calls of which only metrics are recorded. */
  parameterAttributes?(request: Request): Attributes;
  /** The attributes of the result, plain or accumulated from a stream. */
  resultAttributes?(result: Result, route: Route | undefined): Attributes;
  /** Tokens that the operation spent. */
  usage?(result: Result): Usage | undefined;
  /** What metrics count for the whole operation, if parts of it have their own spans with a share of the usage. */
  whole?(result: Result): WholeOperation;
  /** The sum of tokens that other calls spent, if the result reports it. It is recorded as totals, but in no metric. */
  spentElsewhere?(result: Result): TotalSpent | undefined;
  /** What the API bills besides tokens. */
  fees?(result: Result): Fees & Pick<Spending, 'aggregate'>;
  /** The failure that a result reports although the call itself succeeded. */
  failure?(result: Result): Failure | undefined;
  /** The tool calls that the result asks for or reports. */
  toolCalls?(result: Result): readonly RequestedToolCall[];
  /**
   * Accumulates the chunks of a stream into the result that a plain call would have returned.
   *
   * @param content the limits for texts; `undefined` if content is not recorded
   */
  accumulate?(content: TextLimits | undefined): Accumulator;
  /** The content of the operation, which is recorded only with consent. */
  readonly content?: OperationContent<Request, Result>;
}

export interface OperationContent<Request, Result> {
  input?(request: Request): Content;
  output?(result: Result): Content;
}

/** The meaning of one kind of call. Every file in `src/operations` that knows endpoints exports one. */
export interface Operation extends OperationKind<ApiRequest, unknown> {
  /** Method and path template of each endpoint: `POST /chat/completions`. */
  readonly endpoints: readonly string[];
  resultAttributes(result: unknown, route: Route | undefined): Attributes;
}

/** The usage, cost and duration of an operation including all of its parts. */
export interface WholeOperation extends Spent {
  /** The duration in seconds; `undefined` if it is not known exactly. */
  readonly seconds: number | undefined;
}

/** Tokens of several calls together, and the service tier that they were billed in. */
export interface TotalSpent {
  readonly usage: Usage;
  readonly serviceTier: string;
  readonly calls: number;
}

/** The kinds of inferences that other instrumentations of `openai` record, too. */
export type InferenceKind = 'chat' | 'text_completion' | 'embeddings' | 'retrieval' | 'image';

/** Facts about an operation that change how its calls are sent, measured or placed. */
export interface OperationTraits {
  /** The kind of inference, if other instrumentations may record this operation, too. */
  readonly inference?: InferenceKind;
  /** A stream reports its usage only if the request asks for it. */
  readonly reportsUsageOnRequest?: true;
  /** An answer with a finish reason other than `error` has not failed, so its failure is not read. */
  readonly failsWithoutReason?: true;
  /** It creates a resource with metadata, which can carry the trace context. */
  readonly createsMetadata?: true;
  /** Set if a model runs, although the conventions define no name for the operation. */
  readonly runsModel?: true;
  /** The operation of the conventions under which its tokens are counted, if the conventions do not define its own. */
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
  /** `false` while the server has not reported the end of the answer: a stream that ends then was cut. */
  readonly hasEnd?: boolean;
  /** The number of tool calls beyond those that the result contains. */
  readonly skippedCalls?: number;
  /** The number of chunks that contain a piece of the answer. */
  readonly contentChunks?: number;
}
