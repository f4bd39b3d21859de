import { isNumber } from './amounts.ts';
import { isRecord } from './messages.ts';
import { limitedValues, type PageSpan, shownResource } from './page-span.ts';
import { STATUS_ERROR, type Time } from './tree.ts';

/** What was found in a file. */
export interface OtlpSpans {
  readonly spans: readonly PageSpan[];
  /** Lines that are no JSON. */
  readonly unreadable: number;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads spans from OTLP's JSON: one document, a list of documents, or one document per line, as a collector's file
 * exporter writes them; also spans alone, one per line. Fields are read as the OTLP specification names them; anything
 * that is not of their types is passed over.
 */
export function readOtlpJson(text: string): OtlpSpans {
  const whole = parsed(text);
  if (whole !== undefined) return { spans: spansIn(whole, undefined), unreadable: 0 };
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const documents = lines.map(parsed);
  return {
    spans: documents.flatMap((document) => spansIn(document, undefined)),
    unreadable: documents.filter((document) => document === undefined).length,
  };
}

function parsed(text: string): unknown {
  try {
    // Without the byte order mark, which joined files have in the middle.
    return JSON.parse(text.trim());
  } catch {
    return undefined;
  }
}

/** The fields that lead to spans, from outside to inside. */
const WAYS = ['resourceSpans', 'batches', 'scopeSpans', 'instrumentationLibrarySpans', 'spans'];

function spansIn(value: unknown, resource: Fields | undefined): PageSpan[] {
  if (Array.isArray(value)) return value.flatMap((each) => spansIn(each, resource));
  if (!isRecord(value)) return [];
  const way = WAYS.find((name) => Array.isArray(value[name]));
  const inner = isRecord(value.resource) ? attributesOf(value.resource.attributes) : resource;
  if (way !== undefined) return spansIn(value[way], inner);
  return typeof value.traceId === 'string' && typeof value.spanId === 'string'
    ? [readSpan(value, inner)]
    : [];
}

function readSpan(span: Fields, resource: Fields | undefined): PageSpan {
  const status = isRecord(span.status) ? span.status : {};
  const events = Array.isArray(span.events) ? span.events.filter(isRecord) : [];
  return {
    traceId: textIn(span.traceId),
    spanId: textIn(span.spanId),
    parentId: textIn(span.parentSpanId) || undefined,
    name: textIn(span.name).slice(0, 1000),
    kind: typeof span.kind === 'number' ? Math.max(0, span.kind - 1) : 0,
    start: timeIn(span.startTimeUnixNano),
    end: timeIn(span.endTimeUnixNano),
    status: status.code === STATUS_ERROR || status.code === 'STATUS_CODE_ERROR' ? STATUS_ERROR : 0,
    message: textIn(status.message) || undefined,
    attributes: limitedValues(attributesOf(span.attributes)),
    events: events.map((event) => ({
      name: textIn(event.name),
      time: timeIn(event.timeUnixNano),
      attributes: limitedValues(attributesOf(event.attributes)),
    })),
    resource: shownResource(resource ?? {}),
  };
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Nanoseconds since the epoch, which are a string since they do not fit into a number. */
function timeIn(value: unknown): Time {
  const digits = isNumber(value) ? BigInt(Math.max(0, Math.trunc(value))) : textIn(value);
  const time = typeof digits === 'bigint' || /^\d{1,20}$/.test(digits) ? BigInt(digits) : 0n;
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

function attributesOf(list: unknown, depth = 0): Fields {
  if (!Array.isArray(list)) return {};
  const pairs = list
    .filter(isRecord)
    .map(({ key, value }) => [textIn(key), readValue(value, depth)] as const);
  return Object.fromEntries(pairs);
}

/** Levels of a value that are read; one attribute must not keep all others from being shown. */
const MAX_DEPTH = 100;

/** A value has one field, named after its type. */
function readValue(value: unknown, depth: number): unknown {
  if (!isRecord(value)) return undefined;
  const [type, content] = Object.entries(value)[0] ?? [];
  if (type === 'intValue') return Number(content);
  if (!isRecord(content)) return content;
  if (depth === MAX_DEPTH) return '…';
  if (type === 'arrayValue')
    return Array.isArray(content.values) ? content.values.map((each) => readValue(each, depth + 1)) : [];
  return type === 'kvlistValue' ? attributesOf(content.values, depth + 1) : undefined;
}
