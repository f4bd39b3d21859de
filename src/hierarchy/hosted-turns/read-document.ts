import { type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type HostedIds, type HostedSpan, hostedKey } from '../../telemetry/hosted-spans.ts';
import {
  arrayField,
  asNumber,
  booleanField,
  countField,
  field,
  first,
  MAX_RECORDED_DEPTH,
  objectField,
  setOwn,
} from '../../util/payload.ts';

const MAX_HOSTED_SPANS = 500;
/** How much of a document is read, in characters. A span and a value cost more than their texts. */
const MAX_DOCUMENT_SIZE = 4_194_304;
const SIZE_OF_SPAN = 256;
const SIZE_OF_VALUE = 16;
const MAX_HOSTED_ATTRIBUTES = 64;
const MAX_HOSTED_NAME_LENGTH = 128;
/** How far a span may be from the creation of its turn, and how long it may last. */
const MAX_DISTANCE_MS = 30 * 24 * 60 * 60_000;
const HOSTED_ID = /^(?!0+$)[\w+/=-]{1,64}$/;
const ATTRIBUTE_KEY = /^[A-Za-z][\w.:/-]{0,127}$/;
const INTEGER = /^-?\d{1,19}$/;
/** Matches the seconds and nanoseconds of a time from 2001 until 2286. */
const NANOSECONDS = /^(\d{10})(\d{9})$/;

export interface HostedSpans {
  readonly spans: HostedSpan[];
  /** How many spans were left out: malformed ones, ones that have not ended, and those beyond the limits. */
  skipped: number;
}

/**
 * Reads an `ExportTraceServiceRequest` in OTLP JSON. It comes from a server, and may be malformed in any way.
 *
 * @param createdAt when the turn was created, in milliseconds since the epoch
 * @param recorded the spans of the turn that were recorded before. They count, but are not read again
 */
export function readHostedSpans(
  document: unknown,
  createdAt: number,
  recorded: ReadonlyMap<string, unknown>,
): HostedSpans {
  const found: HostedSpans = { spans: [], skipped: 0 };
  const reader = new ValueReader();
  const seen = new Set(recorded.keys());
  for (const resource of arrayField(document, 'resourceSpans'))
    for (const scope of arrayField(resource, 'scopeSpans')) {
      const listed = arrayField(scope, 'spans');
      let index = 0;
      for (; index < listed.length && seen.size < MAX_HOSTED_SPANS && reader.room > 0; index++) {
        reader.room -= SIZE_OF_SPAN;
        const head = readHead(listed[index], createdAt);
        const key = head === undefined ? '' : hostedKey(head);
        if (recorded.has(key)) continue;
        if (head === undefined || seen.has(key)) found.skipped++;
        else found.spans.push({ ...head, ...readRest(listed[index], reader) });
        if (head !== undefined) seen.add(key);
      }
      found.skipped += listed.length - index;
    }
  return found;
}

type Head = HostedIds & Pick<HostedSpan, 'startTime' | 'endTime'>;

function readHead(span: unknown, createdAt: number): Head | undefined {
  const ids = idsIn(span);
  const startTime = hrTimeIn(span, 'startTimeUnixNano');
  const endTime = hrTimeIn(span, 'endTimeUnixNano');
  if (ids === undefined || startTime === undefined || endTime === undefined) return undefined;
  const lasted = (endTime[0] - startTime[0]) * 1e9 + endTime[1] - startTime[1];
  const isInTime = Math.abs(startTime[0] * 1e3 - createdAt) <= MAX_DISTANCE_MS;
  return isInTime && lasted >= 0 && lasted <= MAX_DISTANCE_MS * 1e6
    ? { ...ids, startTime, endTime }
    : undefined;
}

function readRest(span: unknown, reader: ValueReader): Omit<HostedSpan, keyof Head> {
  const name = field(span, 'name');
  const kind = (countField(span, 'kind') ?? 1) - 1;
  const status = objectField(span, 'status');
  const code = countField(status, 'code') ?? SpanStatusCode.UNSET;
  const listed = arrayField(span, 'attributes');
  const linked = arrayField(span, 'links');
  const attributes = new Map<string, unknown>();
  for (const attribute of first(listed, MAX_HOSTED_ATTRIBUTES)) {
    const key = field(attribute, 'key');
    const isKey = typeof key === 'string' && ATTRIBUTE_KEY.test(key);
    const value = isKey ? reader.read(field(attribute, 'value')) : undefined;
    if (isKey && value !== undefined && reader.room > 0) attributes.set(key, value);
  }
  const links = first(linked).flatMap((link) => idsIn(link) ?? []);
  const events = arrayField(span, 'events').length;
  const isName = typeof name === 'string' && name !== '' && name.length <= MAX_HOSTED_NAME_LENGTH;
  return {
    parentId: hostedIdIn(span, 'parentSpanId'),
    name: isName ? name : 'hosted span',
    // OTLP numbers the kinds from 1.
    kind: SpanKind[kind] === undefined ? SpanKind.INTERNAL : kind,
    status: {
      code: SpanStatusCode[code] === undefined ? SpanStatusCode.UNSET : code,
      message: field(status, 'message'),
    },
    attributes,
    links,
    skipped: listed.length - attributes.size + linked.length - links.length + events,
  };
}

function idsIn(holder: unknown): HostedIds | undefined {
  const traceId = hostedIdIn(holder, 'traceId');
  const spanId = hostedIdIn(holder, 'spanId');
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}

function hostedIdIn(holder: unknown, key: string): string | undefined {
  const id = field(holder, key);
  return typeof id === 'string' && HOSTED_ID.test(id) ? id : undefined;
}

/** Reads nanoseconds since the epoch: digits, because they do not fit into a number. */
function hrTimeIn(holder: unknown, key: string): HrTime | undefined {
  const given = field(holder, key);
  const number = asNumber(given);
  const digits = number === undefined ? given : String(BigInt(Math.trunc(number)));
  const found = typeof digits === 'string' ? NANOSECONDS.exec(digits) : null;
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** Reads values of attributes, until there is no more room. */
class ValueReader {
  room = MAX_DOCUMENT_SIZE;

  /** Reads an `AnyValue`, which has one field named after its type. A text that does not fit is left out. */
  read(given: unknown, depth: number = MAX_RECORDED_DEPTH): unknown {
    this.room -= SIZE_OF_VALUE;
    const text = field(given, 'stringValue') ?? field(given, 'bytesValue');
    if (typeof text === 'string') return this.#fits(text) ? text : undefined;
    const integer = field(given, 'intValue');
    const number = typeof integer === 'string' && INTEGER.test(integer) ? Number(integer) : integer;
    const plain = asNumber(number ?? field(given, 'doubleValue')) ?? booleanField(given, 'boolValue');
    const [list, object] = [objectField(given, 'arrayValue'), objectField(given, 'kvlistValue')];
    if (plain !== undefined || depth === 0 || (list ?? object) === undefined) return plain;
    const read: unknown[] | object = list ? [] : {};
    for (const item of arrayField(list ?? object, 'values')) {
      if (this.room <= 0) break;
      const key = field(item, 'key');
      if (Array.isArray(read)) read.push(this.read(item, depth - 1));
      else if (typeof key === 'string' && this.#fits(key))
        setOwn(read, key, this.read(field(item, 'value'), depth - 1));
    }
    return read;
  }

  #fits(text: string): boolean {
    const fits = text.length <= this.room;
    if (fits) this.room -= text.length;
    return fits;
  }
}
