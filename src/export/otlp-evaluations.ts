import { EVENT_GEN_AI_EVALUATION_RESULT } from '../semconv/events.ts';
import { isId, type OtlpFields, readOtlpAttributes, timeIn } from './otlp-values.ts';
import { limitedValues, type PageSpan, type SpanEvent } from './page-span.ts';

/** An event about a span, which may arrive before the span. */
export interface SpanNote {
  readonly traceId: string;
  readonly spanId: string;
  readonly event: SpanEvent;
}

/** Events about one span that are kept. */
export const MAX_NOTES = 100;

/** An evaluation in a log record of OTLP that names the span it is about. */
export function readOtlpEvaluation(record: OtlpFields): SpanNote | undefined {
  const { traceId, spanId, eventName, timeUnixNano, observedTimeUnixNano } = record;
  if (!isId(traceId) || !isId(spanId) || traceId === '' || spanId === '') return undefined;
  const attributes = readOtlpAttributes(record.attributes);
  // Before OTLP 1.5 the name of an event was an attribute.
  if ((eventName || attributes['event.name']) !== EVENT_GEN_AI_EVALUATION_RESULT) return undefined;
  const time = timeIn(timeUnixNano || observedTimeUnixNano);
  return {
    traceId,
    spanId,
    event: { name: EVENT_GEN_AI_EVALUATION_RESULT, time, attributes: limitedValues(attributes) },
  };
}

/** A span with further events. */
export function withNotes(span: PageSpan, events: readonly SpanEvent[] = []): PageSpan {
  return events.length === 0 ? span : { ...span, events: [...(span.events ?? []), ...events] };
}

/**
 * Adds events to the spans of a file, and counts those that are about other spans. Of a span or event that is repeated,
 * the last one is kept: exporters send again what they do not know to have arrived, and files may be joined.
 */
export function annotatedSpans(
  spans: readonly PageSpan[],
  notes: readonly SpanNote[],
): { readonly spans: readonly PageSpan[]; readonly missed: number } {
  const keyOf = ({ traceId, spanId }: SpanNote | PageSpan): string => JSON.stringify([traceId, spanId]);
  const events = new Map<string, Map<string, SpanEvent>>();
  for (const note of notes) {
    const known = events.get(keyOf(note)) ?? new Map<string, SpanEvent>();
    if (known.size < MAX_NOTES) known.set(JSON.stringify(note.event), note.event);
    events.set(keyOf(note), known);
  }
  const annotated = new Map<string, PageSpan>();
  for (const span of spans) {
    const key = keyOf(span);
    annotated.set(key, withNotes(span, [...(events.get(key)?.values() ?? [])]));
  }
  let missed = 0;
  for (const [key, { size }] of events) if (!annotated.has(key)) missed += size;
  return { spans: [...annotated.values()], missed };
}
