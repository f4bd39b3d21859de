import { type Context, type HrTime, type Span, trace } from '@opentelemetry/api';

/** A clock that is ahead by more than this was set back. */
const MAX_DRIFT_MS = 1.5;

let anchor = 0;

/**
 * The clock that a span of the SDK reads when it ends, as what it adds to `performance.now()`. It starts with the time cut
 * to milliseconds and adds what has passed since, so it lags ours by up to a millisecond. What happens below such a span
 * is timed by its clock, or it would end after it. `undefined` where our own clock serves.
 */
export type SpanClock = number | undefined;

/**
 * Wall-clock time in milliseconds since the epoch, with fractions. It stays within a millisecond of `Date.now()`,
 * which OpenTelemetry's SDK uses for its spans.
 *
 * @param clock of the span above, if it has one
 * @param monotonicTime a reading of `performance.now()` to use instead of another one, which allocates
 */
export function now(clock?: SpanClock, monotonicTime: number = performance.now()): number {
  if (clock !== undefined) return clock + monotonicTime;
  const date = Date.now();
  const time = anchor + monotonicTime;
  if (time >= date && time < date + 1) return time;
  adjust(date, monotonicTime);
  return anchor + monotonicTime;
}

/**
 * Moves the clock by as little as it must, so that a mere drift never steps back. The date was read between the given
 * reading and this one, which are far apart if the thread had to wait meanwhile.
 */
function adjust(date: number, earliest: number): void {
  const latest = performance.now();
  const ahead = anchor + earliest - date;
  if (anchor + latest < date) anchor = date - latest;
  // At the end of the millisecond, a clock that was set back would stand still until the next one begins.
  else if (ahead >= 1) anchor = date + (ahead < MAX_DRIFT_MS ? 0.999 : 0) - earliest;
}

/** How far systems adjust their clock, as a part of the time that passes, with room to spare. Beyond that, it was set. */
const MAX_ADJUSTMENT = 0.001;
/** How far our clock may lag until the date has shown where its milliseconds begin. It catches up then. */
const MAX_CATCH_UP_MS = 1;

/** The clock of something that may last: it follows the wall clock, unless that is set meanwhile. */
export class LastingClock {
  readonly #began = performance.now();
  readonly #own: number;
  readonly #above: SpanClock;

  /** @param above the clock of the span above, if it has one */
  constructor(above?: SpanClock) {
    this.#above = above;
    this.#own = now(above, this.#began) - this.#began;
  }

  now(): number {
    if (this.#above !== undefined) return now(this.#above);
    const reading = performance.now();
    const time = now(undefined, reading);
    return this.#wasSet(time, reading) ? this.#own + reading : time;
  }

  /** The clock for what begins meanwhile. */
  get current(): SpanClock {
    if (this.#above !== undefined) return this.#above;
    const reading = performance.now();
    return this.#wasSet(now(undefined, reading), reading) ? this.#own : undefined;
  }

  #wasSet(time: number, reading: number): boolean {
    const ahead = time - (this.#own + reading);
    const adjustment = (reading - this.#began) * MAX_ADJUSTMENT;
    return ahead > MAX_CATCH_UP_MS + adjustment || ahead < -adjustment;
  }
}

/** Monotonic milliseconds, for deadlines. */
export function monotonic(): number {
  return performance.now();
}

/** Clocks further apart have been set, or the machine has slept. */
const MAX_DIFFERENCE_MS = 1_000;
/** Numbers of this size are exact to a quarter of a microsecond. */
const ROUNDING_MS = 0.0005;

/** The clocks of our own spans that functions of the program run in. */
const clocks = new WeakMap<Span, number>();

/**
 * The clock of the active span.
 *
 * @param monotonicTime a reading of `performance.now()` to use instead of another one, which allocates
 */
export function clockIn(context: Context, monotonicTime: number = performance.now()): SpanClock {
  const span = trace.getSpan(context);
  if (span === undefined) return undefined;
  const clock = clocks.get(span) ?? ownClock(span);
  if (clock === undefined) return undefined;
  return Math.abs(clock + monotonicTime - Date.now()) < MAX_DIFFERENCE_MS ? clock : undefined;
}

/** What the SDK's spans know of their start. */
interface TimedSpan {
  readonly startTime?: HrTime;
  readonly _startTimeProvided?: boolean;
  readonly _performanceStartTime?: number;
}

/** The clock by which the SDK times a span. A span that was given its start goes by that of the process. */
export function ownClock(span: Span): SpanClock {
  try {
    const { _startTimeProvided: given, _performanceStartTime: started, startTime } = span as TimedSpan;
    if (given !== false || started === undefined || startTime === undefined) return undefined;
    const clock = startTime[0] * 1e3 + startTime[1] / 1e6 - started - ROUNDING_MS;
    return Number.isFinite(clock) ? clock : undefined;
  } catch {
    // Spans may be of any package.
    return undefined;
  }
}

/** Calls below the span go by this clock. */
export function shareClock(span: Span, clock: SpanClock): void {
  if (clock !== undefined) clocks.set(span, clock);
}

/** The time, or that of the clock if it has not come as far. */
export function notAfter(clock: SpanClock, time: number): number {
  if (clock === undefined) return time;
  const ahead = time - now(clock);
  return ahead > 0 && ahead < MAX_DIFFERENCE_MS ? time - ahead : time;
}

/**
 * How much room each of several spans gets that would otherwise start at once, in milliseconds. Viewers sort by whole
 * microseconds, and report a span without a duration as a negative one.
 */
export const SPAN_ROOM_MS = 0.002;

/** In the middle of the next microsecond: a time of this size is rounded to a quarter of one. */
export function justAfter(time: number): number {
  return (Math.floor(time * 1e3) + 1.5) / 1e3;
}

/** The most that the clocks of two spans differ: each starts from a time that was cut to whole milliseconds. */
const MAX_LAG_MS = 1;

/**
 * Keeps the order of two spans.
 *
 * @param above when the span above began, which may go by a clock that is slightly ahead
 * @returns the time, or one just after `above` if it is not later than that
 */
export function inOrder(time: number, above: number | undefined): number {
  if (above === undefined || Math.floor(time * 1e3) > Math.floor(above * 1e3)) return time;
  return above - time < MAX_LAG_MS ? justAfter(above) : time;
}

/** Keeps the order of spans that would start at once. */
export class Starts {
  /** When the last span began, by the microsecond in which it was to begin. */
  readonly #begun = new Map<number, number>();
  /** When the latest began. */
  latest: number;

  constructor(first: number) {
    this.latest = first;
    this.#begun.set(Math.floor(first * 1e3), first);
  }

  /** @returns when a span begins that would begin at this time */
  next(time: number): number {
    const wanted = Math.floor(time * 1e3);
    const begun = this.#begun.get(wanted);
    const start = begun === undefined ? time : justAfter(begun);
    this.#begun.set(wanted, start);
    this.latest = Math.max(this.latest, start);
    return start;
  }
}
