import { isRecord } from './messages.ts';
import { groupBy } from './tree.ts';
import type { SpanAttributes, Time, ViewedSpan } from './viewed-span.ts';

/** Values that are nested deeper are replaced by `…`, as they are when a document is read. */
const MAX_WRITTEN_LEVELS = 100;

/** Spans as a document of OTLP/JSON. It lacks what the viewer does not read: kinds, links and scopes. */
export function otlpDocument(spans: readonly ViewedSpan[]): string {
  const groups = groupBy(spans, ({ resource = {} }) => JSON.stringify(resource));
  const resourceSpans = Array.from(groups, ([resource, same]) => ({
    resource: { attributes: keyValues(JSON.parse(resource)) },
    scopeSpans: [{ scope: {}, spans: same.map(otlpSpan) }],
  }));
  return JSON.stringify({ resourceSpans }, undefined, 1);
}

function otlpSpan(span: ViewedSpan): object {
  const { traceId, spanId, parentId, name, start, end, isOpen, status, message, events = [] } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentId,
    name,
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: isOpen ? '0' : nanoseconds(end),
    attributes: keyValues(span.attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(event.time),
      attributes: keyValues(event.attributes ?? {}),
    })),
    status: { code: status, message },
  };
}

function nanoseconds([seconds, rest]: Time): string {
  return String(BigInt(Math.trunc(seconds)) * 1_000_000_000n + BigInt(Math.round(rest)));
}

function keyValues(attributes: SpanAttributes, depth = 0): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value, depth) }));
}

/** A value as an `AnyValue`, which has one field named after its type. */
function anyValue(value: unknown, depth: number): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (!isRecord(value)) return {};
  if (depth === MAX_WRITTEN_LEVELS) return { stringValue: '…' };
  return Array.isArray(value)
    ? { arrayValue: { values: value.map((each) => anyValue(each, depth + 1)) } }
    : { kvlistValue: { values: keyValues(value, depth + 1) } };
}
