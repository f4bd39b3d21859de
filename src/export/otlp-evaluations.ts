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

/** Adds events to the spans of a file, and counts those that are about other spans. */
export function annotatedSpans(
  spans: readonly PageSpan[],
  notes: readonly SpanNote[],
): { readonly spans: readonly PageSpan[]; readonly missed: number } {
  if (notes.length === 0) return { spans, missed: 0 };
  const keyOf = ({ traceId, spanId }: SpanNote | PageSpan): string => JSON.stringify([traceId, spanId]);
  const events = new Map<string, SpanEvent[]>();
  for (const note of notes) {
    const known = events.get(keyOf(note)) ?? [];
    if (known.length < MAX_NOTES) known.push(note.event);
    events.set(keyOf(note), known);
  }
  const found = new Set<string>();
  const annotated = spans.map((span) => {
    const added = events.get(keyOf(span));
    if (added !== undefined) found.add(keyOf(span));
    return withNotes(span, added);
  });
  return { spans: annotated, missed: notes.filter((note) => !found.has(keyOf(note))).length };
}
