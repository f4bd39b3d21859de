import { millisecondsBetween, type Time } from './viewed-span.ts';

/** Formats tokens: `1,789 → 128 tokens`. If only one of the two numbers is known: `1,789 input tokens`. */
export function tokens(input: unknown, output: unknown): string | undefined {
  if (isNumber(input) && isNumber(output)) return `${grouped(input)} → ${grouped(output)} tokens`;
  if (isNumber(input)) return `${grouped(input)} input tokens`;
  return isNumber(output) ? `${grouped(output)} output tokens` : undefined;
}

export function joinedFacts(facts: readonly unknown[], separator = ' · '): string {
  return facts.filter((fact) => typeof fact === 'string' && fact !== '').join(separator);
}

/** Formats a number with a noun: `1 run`, `2 runs`; `undefined` for 0. */
export function count(value: unknown, one: string, many: string = `${one}s`): string | undefined {
  return isNumber(value) && value > 0 ? `${grouped(value)} ${value === 1 ? one : many}` : undefined;
}

/** Formats US dollars: with cents, or with two significant digits below $0.10. */
export function dollars(value: unknown): string | undefined {
  if (!isNumber(value)) return undefined;
  const digits = value > 0 && value < 0.1 ? Math.min(12, 1 - Math.floor(Math.log10(value))) : 2;
  // Drops the last digits, which are inexact in a sum, so that a sum is rounded like a single price.
  return `$${Number(value.toPrecision(12)).toFixed(digits)}`;
}

/** Formats a cost. `≥ $0.02` if the price or the tokens of some calls are not known. */
export function costOf(value: unknown, unpriced: unknown): string | undefined {
  const shown = dollars(value);
  return shown !== undefined && isNumber(unpriced) && unpriced > 0 ? `≥ ${shown}` : shown;
}

/** The amount that a part of all sorted amounts does not exceed: with 0.5, the median. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
}

/** Created once, because creating a formatter takes longer than formatting a number. */
const GROUPED = new Intl.NumberFormat('en-US');

export function grouped(value: number): string {
  return GROUPED.format(value);
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function formatDuration(start: Time, end: Time): string {
  return formatMilliseconds(millisecondsBetween(start, end));
}

/** Formats a duration: `<0.1 ms`, `0.42 ms`, `812 ms`, `1.24 s`, `2 m 03 s`; `0 ms` if it is negative. */
export function formatMilliseconds(milliseconds: number): string {
  // From each limit on, rounding would show one digit more, such as `1000 ms` or `10.00 s`.
  if (!(milliseconds > 0)) return '0 ms';
  if (milliseconds < 0.1) return '<0.1 ms';
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
