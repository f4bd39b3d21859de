import { type Span, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { BoundedMap } from './bounded-map.ts';

const MAX_OPEN_TRACES = 10_000;
/** The number of open conversations, invocations and tool calls by trace id. A call that is never answered stays open. */
const open = new BoundedMap<string, number>(MAX_OPEN_TRACES);

/** Counts the span of a conversation or invocation, which may end long after its parent. */
export function begin(span: Span): Span {
  if (span.isRecording()) addOne(span.spanContext().traceId);
  return span;
}

/** Counts the end of that span. */
export function finish(span: Span): void {
  takeOne(span.spanContext().traceId);
}

/** Counts something that will be recorded below a span, which may have ended. */
export function beginIn(span: SpanContext | undefined): void {
  if (isSampled(span)) addOne(span.traceId);
}

/** Counts the end of that. */
export function finishIn(span: SpanContext | undefined): void {
  if (isSampled(span)) takeOne(span.traceId);
}

function isSampled(span: SpanContext | undefined): span is SpanContext {
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function addOne(traceId: string): void {
  open.set(traceId, (open.get(traceId) ?? 0) + 1);
}

function takeOne(traceId: string): void {
  const left = (open.get(traceId) ?? 0) - 1;
  if (left > 0) open.set(traceId, left);
  else open.delete(traceId);
}

/** Whether this process will export more spans of the trace. */
export function isOpenTrace(traceId: string): boolean {
  return open.get(traceId) !== undefined;
}

/** What viewers know of this process. */
export const openTraces: { isOpen(traceId: string): boolean } = { isOpen: isOpenTrace };
