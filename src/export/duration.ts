import { millisecondsBetween, type Time } from './tree.ts';

/** The time between two moments, see {@link formatMilliseconds}. */
export function formatDuration(start: Time, end: Time): string {
  return formatMilliseconds(millisecondsBetween(start, end));
}

/**
 * A duration in a suitable unit with about three digits: `1.2 µs`, `0.42 ms`, `812 ms`, `1.24 s`, `2 m 03 s`, `1 h 07 m`.
 * Negative durations are `0 ms`.
 */
export function formatMilliseconds(milliseconds: number): string {
  // Each limit is where the smaller unit would round up to a full larger one.
  if (!(milliseconds > 0)) return '0 ms';
  if (milliseconds < 0.0995) return `${Number((milliseconds * 1e3).toPrecision(2))} µs`;
  if (milliseconds < 9.95) return `${Number(milliseconds.toPrecision(2))} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1e3;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
