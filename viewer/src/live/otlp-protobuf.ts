import protobuf from 'protobufjs/minimal.js';
import { ExportLogsServiceRequest, ExportTraceServiceRequest, type MessageType } from './otlp-messages.ts';

/** The maximum number of fields in one request. An empty field has two bytes, but takes much more memory. */
const MAX_PROTOBUF_FIELDS = 2_000_000;

type Fixed64 = ReturnType<protobuf.Reader['fixed64']>;

const REQUESTS: Readonly<Record<'traces' | 'logs', MessageType>> = {
  traces: ExportTraceServiceRequest,
  logs: ExportLogsServiceRequest,
};

/**
 * Reads a protobuf request of OTLP. The result has the form of OTLP/JSON, but with bytes instead of hexadecimal ids.
 *
 * @throws Error if the bytes are not such a request, contain too many fields, or are nested over 100 levels deep
 */
export function decodeOtlp(
  kind: keyof typeof REQUESTS,
  bytes: Uint8Array,
): Readonly<Record<string, unknown>> {
  return REQUESTS[kind].decode(new OtlpReader(bytes));
}

class OtlpReader extends protobuf.Reader {
  #fields = 0;

  override tag(): number {
    if (++this.#fields > MAX_PROTOBUF_FIELDS) throw new RangeError('too many fields');
    return super.tag();
  }

  override int64(): Fixed64 {
    return Number(String(super.int64())) as unknown as Fixed64;
  }

  /** Returns nanoseconds since the epoch as text, like OTLP/JSON. They do not fit into a number. */
  override fixed64(): Fixed64 {
    const low = BigInt(this.fixed32());
    return String((BigInt(this.fixed32()) << 32n) | low) as unknown as Fixed64;
  }
}
