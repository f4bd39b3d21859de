import protobuf from 'protobufjs/minimal.js';
import { ExportLogsServiceRequest, ExportTraceServiceRequest, type MessageType } from './otlp-messages.ts';

/** The maximum number of fields in one request. An empty field is two bytes there, but much more in memory and time. */
const MAX_PROTOBUF_FIELDS = 2_000_000;

/** The maximum nesting. The generated reader refuses 100 levels; OTLP has 8 above the attributes of a span. */
const MAX_PROTOBUF_LEVELS = 90;

/** A 64-bit integer. */
type Fixed64 = ReturnType<protobuf.Reader['fixed64']>;

const REQUESTS: Readonly<Record<'traces' | 'logs', MessageType>> = {
  traces: ExportTraceServiceRequest,
  logs: ExportLogsServiceRequest,
};

/**
 * Reads a protobuf request of OTLP. The result has the form of OTLP/JSON, but with bytes instead of hexadecimal ids.
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
  /** Where each message that is being read ends, outermost first. */
  readonly #ends: number[] = [];

  override tag(): number {
    if (++this.#fields > MAX_PROTOBUF_FIELDS) throw new RangeError('too many fields');
    return super.tag();
  }

  /** Reads a length. A message that is nested too deeply is skipped, so that those around it can be read. */
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

  /** Nanoseconds since the epoch, as text like in JSON, because they do not fit into a number. */
  override fixed64(): Fixed64 {
    const low = BigInt(this.fixed32());
    return String((BigInt(this.fixed32()) << 32n) | low) as unknown as Fixed64;
  }
}
