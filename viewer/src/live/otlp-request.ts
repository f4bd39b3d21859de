import type { IncomingMessage } from 'node:http';
import { gunzipSync, inflateSync, type ZlibOptions } from 'node:zlib';

export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The maximum size of a body in bytes, before and after decompression. */
const MAX_BODY_SIZE: number = 64 * 2 ** 20;
/** The maximum size of all bodies being read. Beyond it, requests get 503, after which exporters retry. */
const MAX_PENDING_SIZE = 4 * MAX_BODY_SIZE;

const DECODERS: Readonly<Record<string, (body: Buffer, options: ZlibOptions) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  identity: (body) => body,
};

let pendingSize = 0;

/** @throws Refusal if the body is too large, broken, or in an unknown content encoding */
export async function readOtlpBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (decode === undefined) throw new Refusal(415, 'The content encoding must be gzip, deflate or identity.');
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_SIZE) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Leaving the loop must not destroy the request, because a destroyed request cannot be answered.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      size += chunk.length;
      pendingSize += chunk.length;
      if (size > MAX_BODY_SIZE) throw tooLarge();
      if (pendingSize > MAX_PENDING_SIZE) throw new Refusal(503, 'Too many requests are being read.');
    }
    // Synchronous, so that only one body at a time takes memory for its decompressed bytes.
    return decode(Buffer.concat(chunks, size), { maxOutputLength: MAX_BODY_SIZE });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const isTooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge() : new Refusal(400, 'The body could not be read.');
  } finally {
    pendingSize -= size;
  }
}

function tooLarge(): Refusal {
  return new Refusal(413, 'The body is larger than 64 MiB after decompression.');
}

/** The maximum number of objects and lists in a JSON body. `{},` has three bytes, but takes more memory. */
const MAX_JSON_VALUES = 5_000_000;
const BRACE = 0x7b;
const BRACKET = 0x5b;

/** @throws Refusal if the body is not JSON, or contains too many values */
export function parseOtlpBody(body: Buffer): unknown {
  let values = 0;
  for (const byte of body) if (byte === BRACE || byte === BRACKET) values++;
  if (values > MAX_JSON_VALUES) throw new Refusal(413, 'The body contains too many values.');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'The body is not JSON.');
  }
}
