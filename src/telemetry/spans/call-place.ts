import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Spent } from '../cost/spent.ts';
import type { Failure } from '../error.ts';
import type { Accumulator, ApiRequest, Operation } from '../operation.ts';
import type { InferenceAbove } from './outer-instrumentation.ts';

/** What became known while the span was kept open. */
export interface FinishDetails {
  readonly attributes?: Attributes;
  readonly failure?: Failure | undefined;
}

/** A span that may stay open after its call, because its operation continues. */
export interface OpenSpan {
  readonly context: Context;
  /** Adds a link that became known while the span was open. */
  link(context: SpanContext): void;
  /** Ends the span with the result, at a time in milliseconds since the epoch. */
  finish(result: unknown, endTime: number, more?: FinishDetails): void;
}

/** As far as the stream has told it. */
export type StreamedAnswer = Pick<Accumulator, 'result'>;

/**
 * The place in the hierarchy of a call with its own span, and what the hierarchy is told of the call, in this order:
 * what a chunk completes, each chunk, the result, the end.
 */
export interface CallPlace {
  readonly parent: Context;
  /** Just after the span above, where both would start at once. */
  readonly startTime?: number | undefined;
  readonly links?: Link[] | undefined;
  /** Attributes that the place adds. */
  readonly attributes?: Attributes | undefined;
  /** Receives each chunk of a stream. */
  readonly chunk?: ((value: unknown, time: number) => void) | undefined;
  /** Called when a chunk has completed the answer or a choice of it: the program may answer before the stream ends. */
  readonly completed?: ((answer: StreamedAnswer, span: OpenSpan) => void) | undefined;
  /**
   * Called once with the result, plain or accumulated from a stream, before the span ends.
   *
   * @returns whether the operation continues after the call: the hierarchy then ends the span with `finish`
   */
  readonly settled?: (call: Call, result: unknown, span: OpenSpan) => boolean;
  /** Called when everything is recorded, just before the span ends. */
  readonly finishing?: (span: Span, result: unknown) => void;
  /** Called after the span has ended, to record later spans. */
  readonly ended?: (result: unknown, endTime: number, spent: Spent) => void;
}

/** Everything needed to start the span of a call. */
export interface CallSpanStart {
  readonly operation: Operation;
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly place: CallPlace;
  /** The inference span of another instrumentation. It represents the call, which gets no span of ours. */
  readonly above?: InferenceAbove | undefined;
  /** Built from the server's whole seconds, which are too coarse for duration metrics. */
  readonly rebuilt?: boolean;
}
