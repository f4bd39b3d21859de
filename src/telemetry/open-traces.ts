import type { Span } from '@opentelemetry/api';

/** How many conversations and invocations have not ended, by the trace that they are in. */
const open = new Map<string, number>();
/** Of more traces than that nobody is told. */
const MOST_TRACES = 10_000;

/** A conversation or an invocation has begun: its span may end long after those that it was begun below. */
export function begin(span: Span): Span {
  if (!span.isRecording() || open.size >= MOST_TRACES) return span;
  const { traceId } = span.spanContext();
  open.set(traceId, (open.get(traceId) ?? 0) + 1);
  return span;
}

/** It has ended, and its span is on its way. */
export function finish(span: Span): void {
  if (open.size === 0) return;
  const { traceId } = span.spanContext();
  const left = (open.get(traceId) ?? 0) - 1;
  if (left > 0) open.set(traceId, left);
  else open.delete(traceId);
}

/** Whether more spans of a trace are to come from this process: who prints the trace had better wait for them. */
export function isUnderWay(traceId: string): boolean {
  return open.has(traceId);
}
