import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import type { Call, CallObservation } from '../client/call.ts';
import type { Endpoint } from '../client/provider.ts';
import type { ApiRequest } from '../operations/index.ts';
import type { Failure } from '../telemetry/error.ts';

/** What else came to light of what was kept open. */
export interface FinishDetails {
  readonly attributes?: Attributes;
  readonly failure?: Failure | undefined;
}

/** A span that is to stay open after its call is over, because what it stands for goes on. */
export interface OpenSpan {
  readonly context: Context;
  /** Links it to what came to light while it was open. */
  link(context: SpanContext): void;
  /** Ends it with its result, at a time in milliseconds since the epoch. */
  finish(result: unknown, endTime: number, more?: FinishDetails): void;
}

/** Where in the hierarchy a call with a span of its own stands, and what the hierarchy wants to know of it. */
export interface Placement {
  readonly parent: Context;
  readonly links?: Link[];
  readonly attributes?: Attributes;
  /** Sees what a stream brings, as it comes. */
  readonly chunk?: (value: unknown, time: number) => void;
  /** Takes what the call came to, before its span ends: the result, plain or put together from a stream. */
  readonly settled?: (call: Call, result: unknown, span: OpenSpan) => void;
  /** Told when the span has ended, so that what stands beside it comes after it. */
  readonly ended?: (result: unknown, endTime: number, cost: number | undefined) => void;
  /** Whether what the span stands for goes on after the call: whoever says so has to finish the span. */
  readonly keepsOpen?: (call: Call, result: unknown, span: OpenSpan) => boolean;
}

export interface ObserveOptions {
  /** What a span that the call starts has beside the attributes of its own; asked for only if it starts one. */
  readonly startAttributes: () => Attributes;
}

/** One API's part in the hierarchy. */
export interface ConversationApi {
  /** The observation of a call that is part of something longer; `undefined` where it has a span of its own. */
  observe(
    call: Call,
    request: ApiRequest,
    endpoint: Endpoint,
    options: ObserveOptions,
  ): CallObservation | undefined;
  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement;
}
