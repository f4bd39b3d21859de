import type { Span, TimeInput } from '@opentelemetry/api';
import { ownClock } from '../util/clock.ts';
import { guard } from '../util/guard.ts';
import { copyFunctionProperties, patchMethod } from '../util/patch-method.ts';
import { platform } from '../util/platform.ts';

/** Called when a span ends, with the caller's end time in milliseconds since the epoch, if it passed one. */
export type SpanEndListener = (time: number | undefined) => void;

type End = Span['end'];

/** The listeners of each span, by its wrapped `end`. A span is wrapped only once, however many listeners it has. */
const waiting = new WeakMap<End, Set<SpanEndListener>>();

/**
 * Calls the listener just before the span ends. Until then, the method `end` of the span object is wrapped.
 *
 * @returns a function that removes the listener
 */
export function beforeSpanEnds(span: Span, listener: SpanEndListener): () => void {
  const listeners = waiting.get(span.end) ?? wrapEnd(span);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function wrapEnd(span: Span): Set<SpanEndListener> {
  const original = span.end;
  const listeners = new Set<SpanEndListener>();
  const end: End = function (this: Span, time?: TimeInput): void {
    restore();
    for (const listener of listeners)
      guard('ending with a parent span', () => listener(endTimeInMilliseconds(time, this)));
    listeners.clear();
    original.call(this, time);
  };
  waiting.set(end, listeners);
  copyFunctionProperties(original, end);
  const restore = patchMethod(span, 'end', end);
  return listeners;
}

function endTimeInMilliseconds(time: TimeInput | undefined, span: Span): number | undefined {
  // The time of an invalid date is `NaN`.
  if (time instanceof Date) return time.getTime() || undefined;
  if (Array.isArray(time)) return time[0] * 1e3 + time[1] / 1e6 || undefined;
  if (typeof time !== 'number') return undefined;
  if (time > platform.performance.timeOrigin) return time;
  // Smaller numbers are readings of `performance.now()`.
  const clock = ownClock(span);
  return clock === undefined ? undefined : clock + time;
}
