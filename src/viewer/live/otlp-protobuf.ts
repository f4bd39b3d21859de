import protobuf from 'protobufjs/minimal.js';
import { ExportLogsServiceRequest, ExportTraceServiceRequest, type MessageType } from './otlp-messages.ts';

/** Fields in one request. An empty one takes two bytes there, and many times that in memory and time. */
const MAX_PROTOBUF_FIELDS = 2_000_000;

/** Messages within messages that are read; the generated reader refuses 100. OTLP has 8 above the attributes of a span. */
const MAX_PROTOBUF_LEVELS = 90;

/** A whole number of 64 bits. */
type Fixed64 = ReturnType<protobuf.Reader['fixed64']>;

const REQUESTS: Readonly<Record<'traces' | 'logs', MessageType>> = {
  traces: ExportTraceServiceRequest,
  logs: ExportLogsServiceRequest,
};

/**
 * Reads a request of OTLP in protobuf, in the form of OTLP/JSON but with bytes instead of hexadecimal ids.
 *
 * @throws Error if the bytes are not such a request, or contain too many fields
 */
export function decodeOtlp(
  kind: keyof typeof REQUESTS,
  bytes: Uint8Array,
): Readonly<Record<string, unknown>> {
  return REQUESTS[kind].decode(new OtlpReader(bytes));
}

class OtlpReader extends protobuf.Reader {
  #fields = 0;
  /** Where the messages end that are being read, outermost first. */
  readonly #ends: number[] = [];

  override tag(): number {
    if (++this.#fields > MAX_PROTOBUF_FIELDS) throw new RangeError('too many fields');
    return super.tag();
  }

  /** The length of a message or text. What is nested too deeply is skipped, so that it does not hide what is around it. */
  override size(): number {
    const length = super.size();
    while ((this.#ends.at(-1) ?? this.len) <= this.pos) this.#ends.pop();
    this.#ends.push(this.pos + length);
    if (this.#ends.length < MAX_PROTOBUF_LEVELS) return length;
    this.skip(length);
    return 0;
  }

  override int64(): Fixed64 {
    return Number(String(super.int64())) as unknown as Fixed64;
  }

  /** Nanoseconds since the epoch, which do not fit into a number: as text, as in JSON. */
  override fixed64(): Fixed64 {
    const low = BigInt(this.fixed32());
    return String((BigInt(this.fixed32()) << 32n) | low) as unknown as Fixed64;
  }
}
