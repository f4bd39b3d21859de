import type { Span, TimeInput } from '@opentelemetry/api';
import { copyFunctionProperties } from '../../util/function-properties.ts';
import { guard } from '../../util/guard.ts';

/** Ends a span of ours, so that it is ended once and for all: a processor of the program's may throw as it does. */
export function endSpan(span: Span, endTime: number): void {
  guard('ending a span', end, span, endTime);
}

function end(span: Span, endTime: number): void {
  span.end(endTime);
}

/** Hears that a span ends, with the end time that the caller gave, in milliseconds since the epoch, if it gave one. */
export type SpanEndListener = (time: number | undefined) => void;

type End = Span['end'];

/** Those who wait for spans, by the `end` that tells them: one for each span, however many wait. */
const waiting = new WeakMap<End, Set<SpanEndListener>>();

/**
 * Calls the listener just before the span ends. Its `end` is wrapped on the object for as long as it is open,
 * and put back after that.
 *
 * @returns what lets go of the listener
 */
export function beforeSpanEnds(span: Span, listener: SpanEndListener): () => void {
  const listeners = waiting.get(span.end) ?? wrapEnd(span);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function wrapEnd(span: Span): Set<SpanEndListener> {
  const owned = Object.getOwnPropertyDescriptor(span, 'end');
  const original = span.end;
  const listeners = new Set<SpanEndListener>();
  const end: End = function (this: Span, time?: TimeInput): void {
    if (Object.getOwnPropertyDescriptor(span, 'end')?.value === end) {
      if (owned === undefined) delete (span as { end?: unknown }).end;
      else Object.defineProperty(span, 'end', owned);
    }
    for (const listener of listeners) guard('ending with a parent span', () => listener(milliseconds(time)));
    listeners.clear();
    original.call(this, time);
  };
  waiting.set(end, listeners);
  copyFunctionProperties(original, end);
  Object.defineProperty(span, 'end', { value: end, configurable: true, writable: true, enumerable: false });
  return listeners;
}

function milliseconds(time: TimeInput | undefined): number | undefined {
  // A date may be invalid, which is no number.
  if (time instanceof Date) return time.getTime() || undefined;
  if (Array.isArray(time)) return time[0] * 1e3 + time[1] / 1e6 || undefined;
  // Smaller numbers are times of the performance clock.
  return typeof time === 'number' && time > performance.timeOrigin ? time : undefined;
}
