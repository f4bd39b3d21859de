import { readHeader } from '../util/headers.ts';
import { field } from '../util/payload.ts';

/** Stands for the body of a response that has more bytes than are read. */
const TOO_LARGE: unique symbol = Symbol('too large');

export function isTooLarge(value: unknown): boolean {
  return value === TOO_LARGE;
}

/**
 * Reads the body of a `Response`, of the platform or of `node-fetch`, as JSON. A body with more than `maxBytes` is
 * discarded: {@link isTooLarge} tells.
 *
 * @throws if the body is not JSON, or when the signal aborts
 */
export async function readJson(response: unknown, maxBytes: number, signal: AbortSignal): Promise<unknown> {
  const body = field(response, 'body');
  if (Number(readHeader(field(response, 'headers'), 'content-length')) > maxBytes) {
    discard(body);
    return TOO_LARGE;
  }
  const reading = isByteStream(body) ? readChunks(body, maxBytes) : parseBody(response);
  return await Promise.race([reading, rejection(signal)]);
}

async function readChunks(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<unknown> {
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (size > maxBytes) return TOO_LARGE;
    text += decoder.decode(chunk, { stream: true });
  }
  return JSON.parse(text + decoder.decode());
}

/** A `fetch` of the program may answer with an object of its own. */
async function parseBody(response: unknown): Promise<unknown> {
  const json = field(response, 'json');
  return typeof json === 'function' ? await json.call(response) : undefined;
}

function isByteStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof (body as { [Symbol.asyncIterator]?: unknown } | null)?.[Symbol.asyncIterator] === 'function';
}

function discard(body: unknown): void {
  const [cancel, destroy] = [field(body, 'cancel'), field(body, 'destroy')];
  if (typeof cancel === 'function') void Promise.resolve(cancel.call(body)).catch(() => undefined);
  else if (typeof destroy === 'function') destroy.call(body);
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
