import type { Span } from '@opentelemetry/api';

/** The number of open conversations and invocations by trace id. */
const open = new Map<string, number>();
/** Further traces are not counted. */
const MAX_OPEN_TRACES = 10_000;

/** Counts the span of a conversation or invocation, which may end long after its parent. */
export function begin(span: Span): Span {
  if (!span.isRecording() || open.size >= MAX_OPEN_TRACES) return span;
  const { traceId } = span.spanContext();
  open.set(traceId, (open.get(traceId) ?? 0) + 1);
  return span;
}

/** Counts the end of that span. */
export function finish(span: Span): void {
  if (open.size === 0) return;
  const { traceId } = span.spanContext();
  const left = (open.get(traceId) ?? 0) - 1;
  if (left > 0) open.set(traceId, left);
  else open.delete(traceId);
}

/** Whether this process will export more spans of the trace. A viewer should wait for them. */
export function isOpenTrace(traceId: string): boolean {
  return open.has(traceId);
}
