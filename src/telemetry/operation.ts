import type { Attributes } from '@opentelemetry/api';
import type { Route } from '../sdk/routes/index.ts';
import type { Content } from './content/content-writer.ts';
import type { TextLimits } from './content/kept-content.ts';
import type { Fees, Spending } from './cost/billed-amounts.ts';
import type { Spent, Usage } from './cost/usage.ts';
import type { Failure } from './outcomes/failure.ts';

export interface ApiRequest {
  readonly method: string;
  readonly route: Route;
  /** Values of the path parameters, in the order of `route.parameters`. */
  readonly values: readonly (string | undefined)[];
  readonly body: unknown;
  /** The query parameters, as the object that was passed to the SDK. */
  readonly query?: unknown;
  /** The SDK's own `__metadata`. It names the model if the body is a form whose file is a stream. */
  readonly sdkMetadata?: unknown;
  readonly streamed: boolean;
  /** The Azure deployment that the request goes to. It is recorded in place of the model. */
  readonly deployment: string | undefined;
}

export interface RequestedToolCall {
  readonly id: string | undefined;
  readonly name: string;
  readonly namespace?: string | undefined;
  /** The type in the API: `function`, `code_interpreter`, … */
  readonly type: string;
  /** The call's content, if the output messages do not contain it. Read only if content is recorded. */
  readonly content?: { readonly arguments?: unknown; readonly result?: unknown } | undefined;
  /** Returns the same text for equal names and arguments; `undefined` if the arguments are too long. */
  fingerprint?(): string | undefined;
}

/**
 * Says what is recorded of one kind of operation. `OperationRecord` creates span, metrics, log records and
 * sink events from it, so kinds differ only here. All functions are pure. Requests come from the program and
 * results from the server, so both may be malformed.
 *
 * @typeParam Request what is known when the operation starts
 * @typeParam Result what is known when the operation ends
 */
export interface OperationKind<Request, Result> {
  /** `gen_ai.operation.name`; `undefined` if the request is no operation of a model or an agent. */
  readonly name?: string;
  /** The span's kind. Default: client. */
  readonly kind?: 'internal';
  /**
   * - Default: a call. The sink gets its events. Its duration and tokens are measured if it has a `name`.
   * - `local`: the program itself runs the operation. Only its duration is measured.
   * - `unmeasured`: metrics and the sink get only its parts, or only the operation around it.
   */
  readonly scope?: 'local' | 'unmeasured';
  /** Set if the operation outlives its first call. It keeps no caller's context; viewers await its end. */
  readonly isLasting?: true;
  readonly traits?: OperationTraits;
  /** What the span's name has after `name`, or has alone without one. Default: the requested model. */
  subject?(request: Request): string | undefined;
  /** The attributes that the span starts with, which samplers see: model, target. The record adds `name`. */
  requestAttributes(request: Request): Attributes;
  /** The other request parameters. They are not read if only metrics are recorded. */
  parameterAttributes?(request: Request): Attributes;
  resultAttributes?(result: Result, route: Route | undefined): Attributes;
  usage?(result: Result): Usage | undefined;
  /** The totals for metrics, if parts of the operation have their own spans with a share of the usage. */
  whole?(result: Result): WholeOperation;
  /** The tokens that other calls spent, if the result has their sum. Recorded as totals, but in no metric. */
  spentElsewhere?(result: Result): TotalSpent | undefined;
  fees?(result: Result): Fees & Pick<Spending, 'aggregate'>;
  /** The failure that a result reports although the call itself succeeded. */
  failure?(result: Result): Failure | undefined;
  toolCalls?(result: Result): readonly RequestedToolCall[];
  /**
   * Creates an accumulator, which turns the chunks of a stream into the result of a plain call.
   *
   * @param content the limits for texts; `undefined` if content is not recorded
   */
  accumulate?(content: TextLimits | undefined): Accumulator;
  readonly content?: OperationContent<Request, Result>;
}

export interface OperationContent<Request, Result> {
  input?(request: Request): Content;
  output?(result: Result): Content;
}

/** One kind of call to the API. Each file in `src/operations` that names endpoints exports at least one. */
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

/** The kinds of inferences that other instrumentations of `openai` may record, too. */
export type InferenceKind = 'chat' | 'text_completion' | 'embeddings' | 'retrieval' | 'image';

export interface OperationTraits {
  readonly inference?: InferenceKind;
  /** Streams report their usage only if the request asks for it. */
  readonly reportsUsageOnRequest?: true;
  /** The call creates a resource whose metadata can carry the trace context. */
  readonly createsMetadata?: true;
  /** The API runs an agent. `src/hierarchy` creates its span, and hooks see the operation `invoke_agent`. */
  readonly invokesAgent?: true;
}

/**
 * Accumulates a stream chunk by chunk. A stream may never end, so an accumulator keeps only types, ids, names
 * and counts, some arguments of tool calls and, if content is recorded, as much text as the limits allow.
 */
export interface Accumulator {
  /** @returns `true` if the chunk completes the answer or one of its choices. More chunks may follow */
  add(chunk: unknown): boolean | undefined;
  result(): unknown;
  /** `false` until the server has reported the end of the answer. A stream that ends before that was cut. */
  readonly hasEnd?: boolean;
  /** The number of tool calls that the result leaves out. */
  readonly skippedCalls?: number;
  /** The number of chunks that contain a piece of the answer. */
  readonly contentChunks?: number;
  /** Whether a chunk had text, reasoning, audio, or arguments of a tool call. */
  readonly hasToken?: boolean;
}
