import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Failure } from '../error.ts';
import type { ApiRequest, Operation } from '../operation.ts';
import type { InferenceAbove } from './outer-instrumentation.ts';

/** What else came to light of what was kept open. */
export interface FinishDetails {
  readonly attributes?: Attributes;
  readonly failure?: Failure | undefined;
}

/** A span that may stay open after its call is over, because what it stands for goes on. */
export interface OpenSpan {
  readonly context: Context;
  /** Links it to what came to light while it was open. */
  link(context: SpanContext): void;
  /** Ends it with its result, at a time in milliseconds since the epoch. */
  finish(result: unknown, endTime: number, more?: FinishDetails): void;
}

/** Where in the hierarchy a call with a span of its own stands, and who wants to know of it. */
export interface CallPlace {
  readonly parent: Context;
  readonly links?: Link[];
  /** What the hierarchy knows of the call's place. */
  readonly attributes?: Attributes;
  /** Sees what a stream brings, as it comes. */
  readonly chunk?: (value: unknown, time: number) => void;
  /** Takes what the call came to, before its span ends: the result, plain or put together from a stream. */
  readonly settled?: (call: Call, result: unknown, span: OpenSpan) => void;
  /** Called when all is recorded that will be, before the span ends. */
  readonly finishing?: (span: Span, result: unknown) => void;
  /** Told when the span has ended, so that what stands beside it comes after it. */
  readonly ended?: (result: unknown, endTime: number, cost: number | undefined) => void;
  /** Whether what the span stands for goes on after the call: whoever says so has to finish the span. */
  readonly keepsOpen?: (call: Call, result: unknown, span: OpenSpan) => boolean;
}

/** What the span of a call is made of. */
export interface CallSpanStart {
  readonly operation: Operation;
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly place: CallPlace;
  /** The inference span of another instrumentation: it stands for the call, and the call gets none of ours. */
  readonly above?: InferenceAbove | undefined;
  /** From what the server says of its times, which is too coarse to be measured. */
  readonly rebuilt?: boolean;
}
