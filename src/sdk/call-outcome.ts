import type { SpanClock } from '../util/clock.ts';

/** How a call ended. Every call ends once, in one of these ways. */
export type CallOutcome =
  /** The program got its value: parsed JSON, a page, text, a binary response. */
  | 'value'
  /** A stream was read to its end, left early, aborted, or broke. */
  | 'stream'
  /** The program took the raw `Response`. Its body is not read here. */
  | 'raw'
  /** The call threw. */
  | 'error'
  /** The program never asked for the result. */
  | 'abandoned'
  /** Tracing was shut down during the call. */
  | 'interrupted';

/** `cut`: it ended without an error, and before the answer did, as far as its reader can tell. */
export type StreamEnd = 'completed' | 'cut' | 'cancelled' | 'aborted' | 'abandoned' | 'error';

/** What the caller knows of the times of a call. */
export interface CallTimes {
  /** `undefined` if it begins now. */
  readonly startTime: number | undefined;
  /** `undefined` for that of the caller's span. */
  readonly clock: SpanClock;
}
