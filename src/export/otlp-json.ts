import { isRecord } from './messages.ts';
import { readOtlpEvaluation, type SpanNote } from './otlp-evaluations.ts';
import { isId, MAX_OTLP_LEVELS, type OtlpFields, readOtlpAttributes, textIn, timeIn } from './otlp-values.ts';
import { limitedName, limitedValues, type PageSpan, pageText, shownResource } from './page-span.ts';
import { STATUS_ERROR } from './tree.ts';

/** The spans of a file, and what was skipped. */
export interface OtlpSpans {
  readonly spans: PageSpan[];
  /** The evaluations among log records that name the span they are about. */
  readonly evaluations: SpanNote[];
  /** Spans beyond {@link MAX_SPANS}. */
  omitted: number;
  /** Lines that are not JSON. */
  unreadable: number;
  /** Reading stopped after too many unreadable lines. */
  stopped: boolean;
  /** Values nested below {@link MAX_OTLP_LEVELS}, which were not searched. */
  tooDeep: number;
}

/** More spans than one page can hold. */
const MAX_SPANS = 500_000;
/** Evaluations in one file or request. */
const MAX_EVALUATIONS = 10_000;
/** Reading stops after this many lines that are not JSON, unless the file is watched. */
const MAX_UNREADABLE_LINES = 10_000;

/**
 * Reads spans and evaluations from OTLP/JSON: one document, a list of documents, or one document per line, as a collector's file
 * exporter writes them. It also reads bare spans, one per line. Field names are those of the OTLP specification; values
 * of other types are ignored.
 *
 * @param maxUnreadable reading stops after this many lines that are not JSON
 */
export function readOtlpJson(text: string, maxUnreadable: number = MAX_UNREADABLE_LINES): OtlpSpans {
  const whole = parsed(text);
  if (whole !== undefined) return readOtlpDocument(whole);
  const found = nothingFound();
  readJsonLines(text, found, maxUnreadable);
  return found;
}

/** Reads spans from a parsed document, or from an OTLP request. */
export function readOtlpDocument(document: unknown): OtlpSpans {
  const found = nothingFound();
  findSpans(document, undefined, found);
  return found;
}

function nothingFound(): OtlpSpans {
  return { spans: [], evaluations: [], omitted: 0, unreadable: 0, stopped: false, tooDeep: 0 };
}

function readJsonLines(text: string, found: OtlpSpans, maxUnreadable: number): void {
  // No `split`: an array of millions of short lines takes many times the memory of the file.
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    if (line.trim() === '') continue;
    const document = parsed(line);
    if (document !== undefined) findSpans(document, undefined, found);
    else if (++found.unreadable >= maxUnreadable) {
      found.stopped = true;
      return;
    }
  }
}

function parsed(text: string): unknown {
  // `trim` also removes the byte order mark, which concatenated files have in the middle.
  const json = text.trim();
  const ends = json.slice(0, 1) + json.slice(-1);
  // Most lines of logs are told from JSON by their ends: an error of the parser takes fifty times longer.
  if (!/^(?:\{\}|\[\]|""|[-\dtfn].)$/.test(ends)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The fields that contain spans, from outside to inside. */
const CONTAINERS = ['resourceSpans', 'batches', 'scopeSpans', 'instrumentationLibrarySpans', 'spans'];
/** The fields that contain log records. */
const LOG_CONTAINERS = ['resourceLogs', 'scopeLogs', 'logRecords'];

function findSpans(value: unknown, resource: OtlpFields | undefined, found: OtlpSpans, level = 0): void {
  if (!isRecord(value)) return;
  if (level === MAX_OTLP_LEVELS) {
    found.tooDeep++;
  } else if (Array.isArray(value)) {
    for (const each of value) findSpans(each, resource, found, level + 1);
  } else {
    for (const name of LOG_CONTAINERS) findEvaluations(value[name], found, level + 1);
    const container = CONTAINERS.find((name) => Array.isArray(value[name]));
    const inner = isRecord(value.resource) ? readOtlpAttributes(value.resource.attributes) : resource;
    if (container !== undefined) findSpans(value[container], inner, found, level + 1);
    else if (!isId(value.traceId) || !isId(value.spanId)) return;
    else if (found.spans.length < MAX_SPANS) found.spans.push(readSpan(value, inner));
    else found.omitted++;
  }
}

function findEvaluations(value: unknown, found: OtlpSpans, level: number): void {
  if (!Array.isArray(value) || level >= MAX_OTLP_LEVELS) return;
  for (const each of value.filter(isRecord)) {
    const evaluation = readOtlpEvaluation(each);
    if (evaluation !== undefined && found.evaluations.length < MAX_EVALUATIONS)
      found.evaluations.push(evaluation);
    for (const name of LOG_CONTAINERS) findEvaluations(each[name], found, level + 1);
  }
}

function readSpan(span: OtlpFields, resource: OtlpFields | undefined): PageSpan {
  const { parentSpanId } = span;
  const status = isRecord(span.status) ? span.status : {};
  const events = Array.isArray(span.events) ? span.events.filter(isRecord) : [];
  return {
    traceId: textIn(span.traceId),
    spanId: textIn(span.spanId),
    // Some exporters write zeros for a root.
    parentId: isId(parentSpanId) && /[^0]/.test(parentSpanId) ? parentSpanId : undefined,
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
