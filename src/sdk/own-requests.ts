import { notice } from '../diagnostics/report.ts';
import { makeSuppressed } from '../util/context.ts';
import { field } from '../util/payload.ts';
import { platformTimers } from '../util/timers.ts';
import { callsInFlight } from './call.ts';
import { originOf } from './provider.ts';

const OWN_REQUEST_TIMEOUT_MS = 5_000;
/** Counts bytes after decompression. */
const MAX_ANSWER_BYTES = 4_194_304;

/**
 * Sends our own GET request to the API through the program's client, with its address, credentials and
 * transport. The request records no telemetry, is not retried, and times out.
 *
 * @param assistantsVersion the `OpenAI-Beta` header of the program's requests, if they have one
 * @param controller aborts the request
 * @returns the parsed answer; `undefined` if it is too large, which is reported once
 * @throws the SDK's error
 */
export async function readWithClient(
  client: object,
  path: string,
  query: Readonly<Record<string, unknown>>,
  assistantsVersion: string | undefined,
  // Our timer aborts the whole request: the SDK's timeout ends when the headers arrive. `AbortSignal.timeout`
  // would retain the request for longer.
  controller: AbortController = new AbortController(),
): Promise<unknown> {
  const get = field(client, 'get');
  if (typeof get !== 'function') throw new TypeError('the client has no get');
  const { clearTimeout, setTimeout } = platformTimers() ?? globalThis;
  const timer = setTimeout(() => controller.abort(), OWN_REQUEST_TIMEOUT_MS);
  timer.unref?.();
  const { signal } = controller;
  const options = {
    query,
    maxRetries: 0,
    timeout: OWN_REQUEST_TIMEOUT_MS,
    signal,
    ...(assistantsVersion !== undefined && { headers: { 'OpenAI-Beta': assistantsVersion } }),
  };
  try {
    const promise: unknown = makeSuppressed(() => get.call(client, path, options));
    const asResponse = field(promise, 'asResponse');
    // A fake client in a test may return a plain promise.
    if (typeof asResponse !== 'function') return await promise;
    // A custom `fetch` may ignore the signal, so the race ends the wait.
    const answer = async (): Promise<unknown> => readJson(await asResponse.call(promise));
    return await Promise.race([answer(), rejection(signal)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param response of the platform or of `node-fetch` */
async function readJson(response: unknown): Promise<unknown> {
  const body = field(response, 'body');
  if (!isByteStream(body)) {
    // A custom `fetch` of the program may return an object that is no `Response`.
    const json = field(response, 'json');
    return typeof json === 'function' ? json.call(response) : undefined;
  }
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      notice('answer_too_large');
      // Leaving the loop cancels the rest of the body.
      return undefined;
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return JSON.parse(text + decoder.decode());
}

function isByteStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof (body as { [Symbol.asyncIterator]?: unknown } | null)?.[Symbol.asyncIterator] === 'function';
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Whether at least `count` requests of the program to an origin are waiting for response headers. */
export function hasRequestsInProgress(origin: string, count: number): boolean {
  let waiting = 0;
  for (const { headersTime, attemptCount, client } of callsInFlight.value) {
    // A response over a socket makes no request and has no attempts.
    if (headersTime === 0 && attemptCount > 0 && originOf(client) === origin) waiting++;
    if (waiting === count) return true;
  }
  return false;
}
