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
  // The nearest time within the millisecond, so that a mere drift between the clocks never steps back.
  const nearest = time < date ? date : date + 0.999;
  anchor = nearest - monotonicTime;
  return nearest;
}

/** Monotonic milliseconds, for deadlines. */
export function monotonic(): number {
  return performance.now();
}
