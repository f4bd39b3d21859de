import protobuf from 'protobufjs/minimal.js';

/** How the value of a field is written in OTLP/JSON. */
type Scalar = 'text' | 'hex' | 'base64' | 'nanoseconds' | 'integer' | 'number' | 'double' | 'boolean';

interface Field {
  readonly name: string;
  readonly type: Scalar | MessageSchema;
  readonly repeated?: boolean;
}

/** The fields of a message that are read, by their numbers. All others are skipped. */
type MessageSchema = Readonly<Record<number, Field>>;

/** A message in the form of OTLP/JSON. */
export type OtlpMessage = Readonly<Record<string, unknown>>;

const one = (name: string, type: Field['type']): Field => ({ name, type });
const many = (name: string, type: MessageSchema): Field => ({ name, type, repeated: true });

const ANY_VALUE: Record<number, Field> = {
  1: one('stringValue', 'text'),
  2: one('boolValue', 'boolean'),
  3: one('intValue', 'integer'),
  4: one('doubleValue', 'double'),
  7: one('bytesValue', 'base64'),
};
const KEY_VALUE: MessageSchema = { 1: one('key', 'text'), 2: one('value', ANY_VALUE) };
// Values contain values.
ANY_VALUE[5] = one('arrayValue', { 1: many('values', ANY_VALUE) });
ANY_VALUE[6] = one('kvlistValue', { 1: many('values', KEY_VALUE) });

const RESOURCE_FIELD: Field = one('resource', { 1: many('attributes', KEY_VALUE) });

const SPAN_MESSAGE: MessageSchema = {
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  4: one('parentSpanId', 'hex'),
  5: one('name', 'text'),
  6: one('kind', 'number'),
  7: one('startTimeUnixNano', 'nanoseconds'),
  8: one('endTimeUnixNano', 'nanoseconds'),
  9: many('attributes', KEY_VALUE),
  11: many('events', {
    1: one('timeUnixNano', 'nanoseconds'),
    2: one('name', 'text'),
    3: many('attributes', KEY_VALUE),
  }),
  15: one('status', { 2: one('message', 'text'), 3: one('code', 'number') }),
};

const LOG_MESSAGE: MessageSchema = {
  1: one('timeUnixNano', 'nanoseconds'),
  6: many('attributes', KEY_VALUE),
  9: one('traceId', 'hex'),
  10: one('spanId', 'hex'),
  11: one('observedTimeUnixNano', 'nanoseconds'),
  12: one('eventName', 'text'),
};

/** The requests of OTLP that are read, from `opentelemetry/proto/collector`. */
const REQUESTS: Readonly<Record<'traces' | 'logs', MessageSchema>> = {
  traces: {
    1: many('resourceSpans', {
      1: RESOURCE_FIELD,
      2: many('scopeSpans', { 2: many('spans', SPAN_MESSAGE) }),
    }),
  },
  logs: {
    1: many('resourceLogs', {
      1: RESOURCE_FIELD,
      2: many('scopeLogs', { 2: many('logRecords', LOG_MESSAGE) }),
    }),
  },
};

/** Messages within messages that are read. OTLP has 8 above the attributes of a span. */
const MAX_PROTOBUF_LEVELS = 100;
/** Fields in one request, read or skipped. An empty one takes two bytes there, and many times that in memory and time. */
const MAX_PROTOBUF_FIELDS = 2_000_000;

/**
 * Reads a request of OTLP in protobuf, in the form of OTLP/JSON.
 *
 * @throws Error if the bytes are not such a request, or contain too many fields
 */
export function decodeOtlp(kind: keyof typeof REQUESTS, bytes: Uint8Array): OtlpMessage {
  return new OtlpDecoder(bytes).message(REQUESTS[kind], bytes.length, 0);
}

class OtlpDecoder {
  readonly #reader: protobuf.Reader;
  #fields = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = protobuf.Reader.create(bytes);
  }

  message(schema: MessageSchema, end: number, level: number): OtlpMessage {
    const reader = this.#reader;
    const read: Record<string, unknown> = {};
    while (reader.pos < end) {
      if (++this.#fields > MAX_PROTOBUF_FIELDS) throw new RangeError('too many fields');
      const tag = reader.uint32();
      const field = schema[tag >>> 3];
      if (field === undefined || !isWireType(field, tag & 7) || level === MAX_PROTOBUF_LEVELS) {
        reader.skipType(tag & 7);
        continue;
      }
      const value = this.#value(field, level);
      if (field.repeated !== true) read[field.name] = value;
      else if (Array.isArray(read[field.name])) (read[field.name] as unknown[]).push(value);
      else read[field.name] = [value];
    }
    if (reader.pos !== end) throw new RangeError('a message is longer than its length');
    return read;
  }

  #value({ type }: Field, level: number): unknown {
    const reader = this.#reader;
    if (typeof type === 'object') {
      const length = reader.uint32();
      const end = reader.pos + length;
      if (end > reader.len) throw new RangeError('a message is longer than the request');
      return this.message(type, end, level + 1);
    }
    switch (type) {
      case 'text':
        return reader.string();
      case 'hex':
        return Buffer.from(reader.bytes()).toString('hex');
      case 'base64':
        return Buffer.from(reader.bytes()).toString('base64');
      case 'nanoseconds': {
        const low = BigInt(reader.fixed32());
        return String((BigInt(reader.fixed32()) << 32n) | low);
      }
      case 'integer':
        return Number(reader.int64());
      case 'number':
        return reader.int32();
      case 'double':
        return reader.double();
      case 'boolean':
        return reader.bool();
    }
  }
}

const WIRE_TYPES: Readonly<Record<Scalar, number>> = {
  text: 2,
  hex: 2,
  base64: 2,
  nanoseconds: 1,
  integer: 0,
  number: 0,
  double: 1,
  boolean: 0,
};

/** A field of another wire type than its own is skipped, as protobuf has it. */
function isWireType({ type }: Field, wireType: number): boolean {
  return wireType === (typeof type === 'object' ? 2 : WIRE_TYPES[type]);
}
