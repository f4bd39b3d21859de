let anchor = 0;

/**
 * Wall-clock time in milliseconds since the epoch, with fractions. It never strays from `Date.now()` by a
 * millisecond, which is what OpenTelemetry's SDK stamps spans with, so our spans nest inside others.
 */
export function now(): number {
  const date = Date.now();
  const monotonicTime = performance.now();
  const time = anchor + monotonicTime;
  if (time >= date && time < date + 1) return time;
  // The nearest time within the millisecond: where the two clocks only drift, no step back is to be seen.
  const nearest = time < date ? date : date + 0.999;
  anchor = nearest - monotonicTime;
  return nearest;
}

/** Milliseconds of a clock that never jumps: for deadlines. */
export function monotonic(): number {
  return performance.now();
}
