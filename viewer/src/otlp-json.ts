import { evaluationSpan, isEvaluation } from './evaluations.ts';
import { isNumber } from './format-amounts.ts';
import { isRecord } from './messages.ts';
import { limitedSpan, STATUS_ERROR, type Time, type ViewedSpan } from './viewed-span.ts';

type OtlpFields = Readonly<Record<string, unknown>>;

export interface OtlpSpans {
  /** Spans, and evaluations from log records. */
  readonly spans: ViewedSpan[];
  /** The number of spans beyond {@link MAX_SPANS}. */
  omitted: number;
  /** The number of lines that are not JSON. */
  unreadable: number;
}

/** The limit for spans and evaluations in one file or request. A page holds fewer. */
const MAX_SPANS = 500_000;

/**
 * Reads spans and evaluations from OTLP/JSON: one document, a list of documents, or one document per line, as
 * a collector's file exporter writes them. A bare span is a document, too. Values of other types are ignored.
 */
export function readOtlpJson(text: string): OtlpSpans {
  const whole = parsed(text);
  if (whole !== undefined) return readOtlpDocument(whole);
  const found = { spans: [], omitted: 0, unreadable: 0 };
  // Not `split`: an array of millions of short lines takes many times the memory of the file.
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    if (line.trim() === '') continue;
    const document = parsed(line);
    if (document === undefined) found.unreadable++;
    else findSpans(document, found);
  }
  return found;
}

export function readOtlpDocument(document: unknown): OtlpSpans {
  const found = { spans: [], omitted: 0, unreadable: 0 };
  findSpans(document, found);
  return found;
}

function parsed(text: string): unknown {
  // `trim` also removes the byte order marks that concatenated files have in the middle.
  const json = text.trim();
  const ends = json.slice(0, 1) + json.slice(-1);
  // The first and last characters distinguish most log lines from JSON. Failing in the parser takes fifty times longer.
  if (!/^(?:\{\}|\[\]|""|[-\dtfn].)$/.test(ends)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Reads a document, a list of documents, or a span alone. A document may begin at any level of OTLP. Version 2 of
 * Tempo's API wraps it in `trace`.
 */
function findSpans(documents: unknown, found: OtlpSpans): void {
  for (const answer of recordsIn({ list: [documents].flat() }, 'list')) {
    const document = isRecord(answer.trace) ? answer.trace : answer;
    takeSpan(document, undefined, found);
    for (const group of [document, ...recordsIn(document, 'resourceSpans', 'batches', 'resourceLogs')]) {
      const resource = isRecord(group.resource) ? readOtlpAttributes(group.resource.attributes) : undefined;
      const scopes = recordsIn(group, 'scopeSpans', 'instrumentationLibrarySpans', 'scopeLogs');
      for (const scope of [group, ...scopes]) {
        for (const span of recordsIn(scope, 'spans')) takeSpan(span, resource, found);
        for (const record of recordsIn(scope, 'logRecords')) takeEvaluation(record, found);
      }
    }
  }
}

function recordsIn(value: OtlpFields, ...names: readonly string[]): OtlpFields[] {
  const lists = names.map((name) => value[name]).filter(Array.isArray);
  return lists.flat().filter(isRecord);
}

function takeSpan(span: OtlpFields, resource: OtlpFields | undefined, found: OtlpSpans): void {
  if (idIn(span.traceId) === undefined || idIn(span.spanId) === undefined) return;
  if (found.spans.length < MAX_SPANS) found.spans.push(readSpan(span, resource));
  else found.omitted++;
}

function takeEvaluation(record: OtlpFields, found: OtlpSpans): void {
  const attributes = readOtlpAttributes(record.attributes);
  // Before OTLP 1.5, the name of an event was an attribute.
  const name = record.eventName || attributes['event.name'];
  if (!isEvaluation(name) || found.spans.length >= MAX_SPANS) return;
  const hrTime = timeIn(record.timeUnixNano || record.observedTimeUnixNano);
  const spanContext = { traceId: idIn(record.traceId) ?? '', spanId: idIn(record.spanId) ?? '' };
  const span = evaluationSpan({ spanContext, hrTime, attributes });
  if (span !== undefined) found.spans.push(span);
}

function readSpan(span: OtlpFields, resource: OtlpFields | undefined): ViewedSpan {
  const parentId = idIn(span.parentSpanId);
  const status = isRecord(span.status) ? span.status : {};
  const [start, end] = [timeIn(span.startTimeUnixNano), timeIn(span.endTimeUnixNano)];
  const isOpen = end[0] === 0 && start[0] > 0;
  return limitedSpan({
    traceId: idIn(span.traceId) ?? '',
    spanId: idIn(span.spanId) ?? '',
    // Some exporters write a parent id of zeros for a span without a parent.
    parentId: parentId !== undefined && /[^0]/.test(parentId) ? parentId : undefined,
    name: textIn(span.name),
    start,
    end: isOpen ? start : end,
    ...(isOpen && { isOpen }),
    status: status.code === STATUS_ERROR || status.code === 'STATUS_CODE_ERROR' ? STATUS_ERROR : 0,
    message: textIn(status.message) || undefined,
    attributes: readOtlpAttributes(span.attributes),
    events: recordsIn(span, 'events').map((event) => ({
      name: textIn(event.name),
      time: timeIn(event.timeUnixNano),
      attributes: readOtlpAttributes(event.attributes),
    })),
    resource,
  });
}

/** The maximum depth of nested values in an attribute. Deeper values are replaced by `…`. */
const MAX_OTLP_LEVELS = 100;
/** The maximum length of a trace or span id, in UTF-16 units. Ids of OTLP have 32 and 16. */
const MAX_SPAN_ID_LENGTH = 128;

/** An id as hexadecimal text, as JSON has it. In protobuf, an id is bytes. */
function idIn(value: unknown): string | undefined {
  const id = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  return typeof id === 'string' && id.length <= MAX_SPAN_ID_LENGTH ? id : undefined;
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Reads nanoseconds since the epoch. They are usually a string, because they do not fit into a number. */
function timeIn(value: unknown): Time {
  const digits = isNumber(value) ? BigInt(Math.max(0, Math.trunc(value))) : textIn(value);
  const time = typeof digits === 'bigint' || /^\d{1,20}$/.test(digits) ? BigInt(digits) : 0n;
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

function readOtlpAttributes(list: unknown, depth = 0): OtlpFields {
  const pairs = recordsIn({ list }, 'list');
  return Object.fromEntries(pairs.map(({ key, value }) => [textIn(key), readValue(value, depth)]));
}

/** Reads an `AnyValue`, which has one field named after its type. */
function readValue(value: unknown, depth: number): unknown {
  if (!isRecord(value)) return undefined;
  const [type, content] = Object.entries(value)[0] ?? [];
  if (type === 'intValue') return isRecord(content) ? undefined : Number(content);
  if (content instanceof Uint8Array) return Buffer.from(content).toString('base64');
  if (!isRecord(content)) return content;
  if (depth === MAX_OTLP_LEVELS) return '…';
  if (type === 'arrayValue')
    return Array.isArray(content.values) ? content.values.map((each) => readValue(each, depth + 1)) : [];
  return type === 'kvlistValue' ? readOtlpAttributes(content.values, depth + 1) : undefined;
}
