import { type Context, type HrTime, type Span, trace } from '@opentelemetry/api';
import { platform } from './platform.ts';

/** If our clock is ahead of `Date.now()` by more than this, the system clock was set back. */
const MAX_DRIFT_MS = 1.5;

let anchor = 0;

/**
 * Added to `performance.now()`, gives milliseconds since the epoch; `undefined` means our clock.
 * OpenTelemetry's SDK starts spans at whole milliseconds, so their clocks lag ours. A span below uses the
 * same clock. Otherwise, it would end after the span above.
 */
export type SpanClock = number | undefined;

/**
 * Wall-clock time in milliseconds since the epoch, with fractions, within a millisecond of `Date.now()`,
 * which OpenTelemetry's SDK uses for its spans.
 *
 * @param clock the clock of the span above, if it has one
 * @param monotonicTime `performance.now()`, from callers that have read it: another reading would allocate
 */
export function now(clock?: SpanClock, monotonicTime: number = platform.performance.now()): number {
  if (clock !== undefined) return clock + monotonicTime;
  const date = Date.now();
  const time = anchor + monotonicTime;
  if (time >= date && time < date + 1) return time;
  adjust(date, monotonicTime);
  return anchor + monotonicTime;
}

/**
 * Moves our clock by as little as possible, so that its times do not go back after a mere drift. `date` was
 * read between `earliest` and `latest`, which are far apart if the thread had to wait.
 */
function adjust(date: number, earliest: number): void {
  const latest = platform.performance.now();
  const ahead = anchor + earliest - date;
  if (anchor + latest < date) anchor = date - latest;
  // After a mere drift, our clock takes the smallest step: to the end of the millisecond. If the system clock
  // was set back, ours goes to the start: at the end, it would stand still until the next millisecond.
  else if (ahead >= 1) anchor = date + (ahead < MAX_DRIFT_MS ? 0.999 : 0) - earliest;
}

/** Systems adjust a clock by at most this fraction of the elapsed time. Beyond that, somebody set it. */
const MAX_ADJUSTMENT = 0.001;
/** `Date.now()` has whole milliseconds, so our clock may lag by this much until the next millisecond. */
const MAX_CATCH_UP_MS = 1;

/** The clock of a long operation: that of the span above or, until somebody sets it, the system clock. */
export class LastingClock {
  readonly #began = platform.performance.now();
  readonly #own: number;
  readonly #above: SpanClock;

  constructor(above?: SpanClock) {
    this.#above = above;
    this.#own = now(above, this.#began) - this.#began;
  }

  now(): number {
    if (this.#above !== undefined) return now(this.#above);
    const reading = platform.performance.now();
    const time = now(undefined, reading);
    return this.#wasSet(time, reading) ? this.#own + reading : time;
  }

  get current(): SpanClock {
    if (this.#above !== undefined) return this.#above;
    const reading = platform.performance.now();
    return this.#wasSet(now(undefined, reading), reading) ? this.#own : undefined;
  }

  #wasSet(time: number, reading: number): boolean {
    const ahead = time - (this.#own + reading);
    const adjustment = (reading - this.#began) * MAX_ADJUSTMENT;
    return ahead > MAX_CATCH_UP_MS + adjustment || ahead < -adjustment;
  }
}

/** If two clocks are further apart than this, one has been set or the machine has slept. */
export const MAX_DIFFERENCE_MS = 1_000;
/** Milliseconds since the epoch are exact only to a quarter of a microsecond: JavaScript numbers have 53 bits. */
const ROUNDING_MS = 0.0005;

/** The clock of each of our spans in which functions of the program run. */
const clocks = new WeakMap<Span, number>();

/**
 * The clock of the context's span.
 *
 * @param monotonicTime `performance.now()`, from callers that have read it: another reading would allocate
 */
export function clockIn(context: Context, monotonicTime: number = platform.performance.now()): SpanClock {
  const span = trace.getSpan(context);
  if (span === undefined) return undefined;
  const clock = clocks.get(span) ?? ownClock(span);
  if (clock === undefined) return undefined;
  return Math.abs(clock + monotonicTime - Date.now()) < MAX_DIFFERENCE_MS ? clock : undefined;
}

/** The fields in which spans of OpenTelemetry's SDK keep their start. */
interface TimedSpan {
  readonly startTime?: HrTime;
  readonly _startTimeProvided?: boolean;
  readonly _performanceStartTime?: number;
}

/** The clock by which OpenTelemetry's SDK times a span. `undefined` for a span that was created with a start time. */
export function ownClock(span: Span): SpanClock {
  try {
    const { _startTimeProvided: given, _performanceStartTime: started, startTime } = span as TimedSpan;
    if (given !== false || started === undefined || startTime === undefined) return undefined;
    const clock = startTime[0] * 1e3 + startTime[1] / 1e6 - started - ROUNDING_MS;
    return Number.isFinite(clock) ? clock : undefined;
  } catch {
    // The span may come from any package, and its fields may throw.
    return undefined;
  }
}

/** Makes the calls below a span use this clock. */
export function shareClock(span: Span, clock: SpanClock): void {
  if (clock !== undefined) clocks.set(span, clock);
}

/** The given time, or the clock's current time if that is earlier by less than {@link MAX_DIFFERENCE_MS}. */
export function notAfter(clock: SpanClock, time: number): number {
  if (clock === undefined) return time;
  const ahead = time - now(clock);
  return ahead > 0 && ahead < MAX_DIFFERENCE_MS ? time - ahead : time;
}

/**
 * The milliseconds between spans that would otherwise start at the same time. Viewers sort by whole
 * microseconds, and report a span without a duration as a negative one.
 */
export const SPAN_ROOM_MS = 0.002;

/** The middle of the next microsecond: milliseconds since the epoch are exact to a quarter of one. */
export function justAfter(time: number): number {
  return (Math.floor(time * 1e3) + 1.5) / 1e3;
}

/** How far the clocks of two spans may differ: each starts from a time that was cut to whole milliseconds. */
const MAX_LAG_MS = 1;

/**
 * Keeps the order of two spans.
 *
 * @param above when the span above began. Its clock may be slightly ahead
 * @returns the time; just after `above` if the time is the same or up to {@link MAX_LAG_MS} earlier
 */
export function inOrder(time: number, above: number | undefined): number {
  if (above === undefined || Math.floor(time * 1e3) > Math.floor(above * 1e3)) return time;
  return above - time < MAX_LAG_MS ? justAfter(above) : time;
}

/** Keeps the order of spans that would start at the same time. */
export class Starts {
  /** For each microsecond in which spans were to begin: when the last of them began. */
  readonly #begun = new Map<number, number>();
  latest: number;

  constructor(first: number) {
    this.latest = first;
    this.#begun.set(Math.floor(first * 1e3), first);
  }

  /** @returns the start of a span that would otherwise begin at this time */
  next(time: number): number {
    const wanted = Math.floor(time * 1e3);
    const begun = this.#begun.get(wanted);
    const start = begun === undefined ? time : justAfter(begun);
    this.#begun.set(wanted, start);
    this.latest = Math.max(this.latest, start);
    return start;
  }
}
