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
