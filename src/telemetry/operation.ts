import type { Attributes } from '@opentelemetry/api';
import type { Message, ToolDefinition } from '../config/completion-types.ts';
import type { Route } from '../sdk/routes/index.ts';
import type { Fees } from './cost/prices.ts';
import type { Usage } from './cost/usage.ts';
import type { Failure } from './error.ts';
import type { TextLimits } from './kept-text.ts';

/** One request to the API, as it was asked for. */
export interface ApiRequest {
  readonly method: string;
  readonly route: Route;
  /** Values of the path parameters, in the order of `route.parameters`. */
  readonly values: readonly string[];
  readonly body: unknown;
  /** The query parameters that the SDK was given, as an object. */
  readonly query?: unknown;
  readonly streamed: boolean;
  /** An `AzureOpenAI` client's deployment, which stands for the model. */
  readonly deployment: string | undefined;
}

/** A tool call that a model has asked for. */
export interface RequestedToolCall {
  readonly id: string | undefined;
  readonly name: string;
  /** The API's own: `function`, `code_interpreter`, … */
  readonly type: string;
  /** Where content is recorded, and not among the output messages. */
  readonly content?: { readonly arguments: unknown; readonly result: unknown };
}

/** What an operation sends to and gets from the model: recorded only with consent. */
export interface OperationContent {
  /** Parameters of the request that hold the caller's own words. */
  requestAttributes?(request: ApiRequest): Attributes;
  systemInstructions?(request: ApiRequest): readonly Message['parts'][number][];
  inputMessages?(request: ApiRequest): readonly Message[];
  toolDefinitions?(request: ApiRequest): readonly ToolDefinition[];
  outputMessages?(result: unknown): readonly Message[];
  /** What a search found. */
  documents?(result: unknown): readonly unknown[];
}

/**
 * What one kind of call means, as the telemetry asks for it. Every file in `src/operations` exports one of these;
 * all of it is pure, and reads requests and results without trusting them.
 */
export interface Operation {
  /** `gen_ai.operation.name`; `undefined` for endpoints that the conventions have no operation for. */
  readonly name?: string;
  /** The span's name, from what is known when it starts. */
  spanName(request: ApiRequest): string;
  /** What is asked for, with which model and where: what the span starts with, so that samplers see it. */
  requestAttributes(request: ApiRequest): Attributes;
  /** Parameters of the request, which are read where somebody wants to know more of the call than its metrics. */
  parameterAttributes?(request: ApiRequest): Attributes;
  /** Attributes of the result, plain or put together from a stream. */
  resultAttributes(result: unknown, route: Route): Attributes;
  /** Tokens that the call spent. */
  usage?(result: unknown): Usage | undefined;
  /** What the call is billed for beside tokens, as far as the API counts it. */
  fees?(result: unknown): Fees;
  /** The failure that a result tells of, where the call itself has succeeded. */
  failure?(result: unknown): Failure | undefined;
  /** Tool calls that the result asks for, or has made. */
  toolCalls?(result: unknown): readonly RequestedToolCall[];
  /**
   * Puts the chunks of a stream together into the result that a plain call would have given.
   *
   * @param content how much text is kept; `undefined` where content is not recorded
   */
  accumulate?(content: TextLimits | undefined): Accumulator;
  readonly content?: OperationContent;
}

/**
 * Folds a stream into a result, one chunk at a time. A stream may go on for ever: types, ids, names and counts are kept,
 * and where content is recorded as much text as there are limits for.
 */
export interface Accumulator {
  add(chunk: unknown): void;
  result(): unknown;
  /** Tool calls that were not kept, beyond those that the result has. */
  readonly skippedCalls?: number;
}
