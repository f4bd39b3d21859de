import type { Context } from '@opentelemetry/api';
import type { Call } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import type { Intent } from './dialect.ts';

/** Where facts come from: a call of the program, or a background read. */
export interface FactSource {
  readonly endpoint: Endpoint;
  /** The caller's, kept until the call is over. */
  readonly context: Context;
  /** Whether content is recorded. */
  readonly content: boolean;
  readonly call: Pick<Call, 'startTime' | 'headers' | 'client' | 'assistantsVersion'>;
}

/** A call with everything that the engine needs to place it, without what it sends: a stream may stay open for long. */
export interface ObservedCall extends FactSource {
  readonly call: Call;
  readonly route: Route;
  readonly intent: Intent;
}

/** When, how and by whom an object was seen. */
export interface Observation {
  readonly time: number;
  /** Whether a stream reported it as it happened. */
  readonly live: boolean;
  /** When its request was sent. */
  readonly askedAt: number;
  /** The response headers. Their date tells the server's time. */
  readonly headers: unknown;
  /** The caller's. */
  readonly context: Context;
  readonly endpoint: Endpoint;
}
