import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { BoundedMap } from './bounded-map.ts';

const MAX_OPEN_TRACES = 10_000;
/** The number of open conversations, invocations and tool calls by trace id. A call without an answer stays open. */
const open = new BoundedMap<string, number>(MAX_OPEN_TRACES);

/** Counts a span that may end long after its parent, or one that will be recorded below a span that may have ended. */
export function beginIn(span: SpanContext | undefined): void {
  if (isSampled(span)) open.set(span.traceId, (open.get(span.traceId) ?? 0) + 1);
}

/** Call this for each span that was passed to {@link beginIn}, when the span ends. */
export function finishIn(span: SpanContext | undefined): void {
  if (!isSampled(span)) return;
  const left = (open.get(span.traceId) ?? 0) - 1;
  if (left > 0) open.set(span.traceId, left);
  else open.delete(span.traceId);
}

function isSampled(span: SpanContext | undefined): span is SpanContext {
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Lets viewers ask whether this process will export more spans of a trace. */
export const openTraces: { isOpen(traceId: string): boolean } = {
  isOpen: (traceId) => open.get(traceId) !== undefined,
};
