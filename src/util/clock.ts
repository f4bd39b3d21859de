let anchor = 0;

/**
 * Wall-clock time in milliseconds since the epoch, with fractions. It stays within a millisecond of `Date.now()`,
 * which OpenTelemetry's SDK uses for its spans, so our spans nest inside theirs.
 */
export function now(): number {
  const date = Date.now();
  const monotonicTime = performance.now();
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
