import { EVENT_GEN_AI_EVALUATION_RESULT } from '../../semconv/events.ts';
import { isRecord } from '../messages.ts';
import { isId, readOtlpAttributes, timeIn } from '../otlp-json.ts';
import { limitedValues } from '../page-span.ts';
import type { SpanNote } from './trace-store.ts';

/** Evaluations in one request. */
const MAX_EVALUATIONS = 10_000;

/** The evaluations among the log records of an OTLP request that name the span they are about. */
export function readEvaluations(document: unknown): SpanNote[] {
  const notes: SpanNote[] = [];
  for (const record of recordsIn(document, ['resourceLogs', 'scopeLogs', 'logRecords'])) {
    const { traceId, spanId, eventName, timeUnixNano, observedTimeUnixNano } = record;
    const attributes = readOtlpAttributes(record.attributes);
    // Before OTLP 1.5 the name of an event was an attribute.
    if ((eventName || attributes['event.name']) !== EVENT_GEN_AI_EVALUATION_RESULT) continue;
    if (!isId(traceId) || !isId(spanId) || traceId === '' || spanId === '') continue;
    const time = timeIn(timeUnixNano || observedTimeUnixNano);
    notes.push({
      traceId,
      spanId,
      event: { name: EVENT_GEN_AI_EVALUATION_RESULT, time, attributes: limitedValues(attributes) },
    });
    if (notes.length === MAX_EVALUATIONS) break;
  }
  return notes;
}

function* recordsIn(
  value: unknown,
  [name, ...names]: readonly string[],
): Generator<Readonly<Record<string, unknown>>> {
  if (!isRecord(value)) return;
  if (name === undefined) {
    yield value;
    return;
  }
  const inner = value[name];
  if (Array.isArray(inner)) for (const each of inner) yield* recordsIn(each, names);
}
