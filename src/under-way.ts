import type { Span } from '@opentelemetry/api';
import { BoundedMap } from './bounded-map.ts';

/** Conversations and invocations that have not ended, by the trace that they are in. */
const open = new BoundedMap<string, number>(10_000);

/** A conversation or an invocation has begun: its span comes later than those it was begun below, or not at all. */
export function begin(span: Span): Span {
  if (span.isRecording()) count(span, 1);
  return span;
}

/** It has ended, and its span is on its way. */
export function finish(span: Span): void {
  if (open.size > 0) count(span, -1);
}

/** Whether more spans of a trace are to come from this process: who prints the trace had better wait for them. */
export function isUnderWay(traceId: string): boolean {
  return open.get(traceId) !== undefined;
}

function count(span: Span, change: 1 | -1): void {
  const { traceId } = span.spanContext();
  const before = open.get(traceId) ?? 0;
  if (before + change > 0) open.set(traceId, before + change);
  else open.delete(traceId);
}
