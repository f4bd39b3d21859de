import type { Context, Span } from '@opentelemetry/api';
import type { Call } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import type { Use } from './conversations/conversation.ts';
import type { Intent, InvocationFact } from './dialect.ts';
import type { AgentInvocation } from './invocations/agent-invocation.ts';

/** The call, socket or background read that brings facts. */
export interface Exchange
  extends Pick<Call, 'startTime' | 'headers'>,
    Partial<Pick<Call, 'ownClock' | 'headersTime'>> {
  /** What is read in the background is read with it; nothing is without one. */
  readonly client?: object;
  /** Reads are sent with the `OpenAI-Beta` header of the call. */
  readonly requestHeaders?: unknown;
}

/** Where facts come from. */
export interface FactSource {
  readonly endpoint: Endpoint;
  /** The caller's, kept until the call is over. */
  readonly context: Context;
  /** Whether content is recorded. */
  readonly content: boolean;
  readonly exchange: Exchange;
}

/** A call with everything that the engine needs to place it, without what it sends: a stream may stay open for long. */
export interface ObservedCall extends FactSource, Use {
  readonly call: Call;
  readonly endpoint: Endpoint;
  /** The active span of the context. */
  readonly active: Span | undefined;
  readonly route: Route;
  readonly intent: Intent;
}

/** A fact that waits until it is known who records its conversation. */
export interface HeldFact {
  readonly fact: InvocationFact;
  readonly time: number;
}

/** When, how and by whom an object was seen. */
export interface Observation {
  readonly time: number;
  /** Whether a stream reported it as it happened. */
  readonly live: boolean;
  /** Set where an invocation without a request begins with its report. It is called with that invocation. */
  readonly reported: ((invocation: AgentInvocation) => void) | undefined;
  /** What a stream has told before it told of the conversation; `undefined` if nothing waits for that. */
  readonly held: HeldFact[] | undefined;
  /** Whether its request works on what it is about, rather than only looks at it. */
  readonly isDriven: boolean;
  /** When its request was sent. */
  readonly sentAt: number;
  /** The clock of its times, as what that adds to the monotonic one. A source without one goes by that of what it is about. */
  readonly ownClock: number | undefined;
  /** The response headers. Their date tells the server's time. */
  readonly headers: unknown;
  /** The caller's. */
  readonly context: Context;
  readonly endpoint: Endpoint;
}
