import { isNumber } from './amounts.ts';
import { isRecord } from './messages.ts';
import { limitedName, limitedValues, type PageSpan, pageText, shownResource } from './page-span.ts';
import { STATUS_ERROR, type Time } from './tree.ts';

/** The spans of a file, and what was skipped. */
export interface OtlpSpans {
  readonly spans: PageSpan[];
  /** Spans beyond {@link MAX_SPANS}. */
  omitted: number;
  /** Lines that are not JSON. */
  unreadable: number;
  /** Reading stopped after {@link MAX_UNREADABLE_LINES}. */
  stopped: boolean;
  /** Values nested below {@link MAX_LEVELS}, which were not searched. */
  tooDeep: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** More spans than one page can hold. */
const MAX_SPANS = 500_000;
/** Reading stops after this many lines that are not JSON. */
const MAX_UNREADABLE_LINES = 10_000;
/** The levels of a document that are searched for spans, and of a value that are read. OTLP has 8 levels above a span. */
const MAX_LEVELS = 100;
/** UTF-16 units of a trace or span id. OTLP's ids have 32 and 16. */
const MAX_SPAN_ID_LENGTH = 128;

/**
 * Reads spans from OTLP/JSON: one document, a list of documents, or one document per line, as a collector's file
 * exporter writes them. It also reads bare spans, one per line. Field names are those of the OTLP specification; values
 * of other types are ignored.
 */
export function readOtlpJson(text: string): OtlpSpans {
  const whole = parsed(text);
  if (whole !== undefined) return readOtlpDocument(whole);
  const found = nothingFound();
  readJsonLines(text, found);
  return found;
}

/** Reads spans from a parsed document, or from an OTLP request. */
export function readOtlpDocument(document: unknown): OtlpSpans {
  const found = nothingFound();
  findSpans(document, undefined, found);
  return found;
}

function nothingFound(): OtlpSpans {
  return { spans: [], omitted: 0, unreadable: 0, stopped: false, tooDeep: 0 };
}

function readJsonLines(text: string, found: OtlpSpans): void {
  // No `split`: an array of millions of short lines takes many times the memory of the file.
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    if (line.trim() === '') continue;
    const document = parsed(line);
    if (document !== undefined) findSpans(document, undefined, found);
    else if (++found.unreadable >= MAX_UNREADABLE_LINES) {
      found.stopped = true;
      return;
    }
  }
}

function parsed(text: string): unknown {
  try {
    // `trim` also removes the byte order mark, which concatenated files have in the middle.
    return JSON.parse(text.trim());
  } catch {
    return undefined;
  }
}

/** The fields that contain spans, from outside to inside. */
const CONTAINERS = ['resourceSpans', 'batches', 'scopeSpans', 'instrumentationLibrarySpans', 'spans'];

function findSpans(value: unknown, resource: Fields | undefined, found: OtlpSpans, level = 0): void {
  if (!isRecord(value)) return;
  if (level === MAX_LEVELS) {
    found.tooDeep++;
  } else if (Array.isArray(value)) {
    for (const each of value) findSpans(each, resource, found, level + 1);
  } else {
    const container = CONTAINERS.find((name) => Array.isArray(value[name]));
    const inner = isRecord(value.resource) ? readOtlpAttributes(value.resource.attributes) : resource;
    if (container !== undefined) findSpans(value[container], inner, found, level + 1);
    else if (!isId(value.traceId) || !isId(value.spanId)) return;
    else if (found.spans.length < MAX_SPANS) found.spans.push(readSpan(value, inner));
    else found.omitted++;
  }
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_SPAN_ID_LENGTH;
}

function readSpan(span: Fields, resource: Fields | undefined): PageSpan {
  const status = isRecord(span.status) ? span.status : {};
  const events = Array.isArray(span.events) ? span.events.filter(isRecord) : [];
  return {
    traceId: textIn(span.traceId),
    spanId: textIn(span.spanId),
    parentId: isId(span.parentSpanId) ? span.parentSpanId || undefined : undefined,
    name: limitedName(textIn(span.name)),
    kind: typeof span.kind === 'number' ? Math.max(0, span.kind - 1) : 0,
    start: timeIn(span.startTimeUnixNano),
    end: timeIn(span.endTimeUnixNano),
    status: status.code === STATUS_ERROR || status.code === 'STATUS_CODE_ERROR' ? STATUS_ERROR : 0,
    message: pageText(textIn(status.message) || undefined),
    attributes: limitedValues(readOtlpAttributes(span.attributes)),
    events: events.map((event) => ({
      name: limitedName(textIn(event.name)),
      time: timeIn(event.timeUnixNano),
      attributes: limitedValues(readOtlpAttributes(event.attributes)),
    })),
    resource: shownResource(resource ?? {}),
  };
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Nanoseconds since the epoch, usually a string because they do not fit into a number. */
export function timeIn(value: unknown): Time {
  const digits = isNumber(value) ? BigInt(Math.max(0, Math.trunc(value))) : textIn(value);
  const time = typeof digits === 'bigint' || /^\d{1,20}$/.test(digits) ? BigInt(digits) : 0n;
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

export function readOtlpAttributes(list: unknown, depth = 0): Fields {
  if (!Array.isArray(list)) return {};
  const pairs = list
    .filter(isRecord)
    .map(({ key, value }) => [textIn(key), readValue(value, depth)] as const);
  return Object.fromEntries(pairs);
}

/** Reads an `AnyValue`, which has one field named after its type. */
function readValue(value: unknown, depth: number): unknown {
  if (!isRecord(value)) return undefined;
  const [type, content] = Object.entries(value)[0] ?? [];
  if (type === 'intValue') return isRecord(content) ? undefined : Number(content);
  if (!isRecord(content)) return content;
  if (depth === MAX_LEVELS) return '…';
  if (type === 'arrayValue')
    return Array.isArray(content.values) ? content.values.map((each) => readValue(each, depth + 1)) : [];
  return type === 'kvlistValue' ? readOtlpAttributes(content.values, depth + 1) : undefined;
}
