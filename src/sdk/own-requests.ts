import { notice } from '../diagnostics/report.ts';
import { field } from '../util/payload.ts';
import { platformTimers } from '../util/platform-timers.ts';
import { isTooLarge, readJson } from './response-body.ts';
import { makeSuppressed } from './suppression.ts';

const OWN_REQUEST_TIMEOUT_MS = 5_000;
/** Of an answer, decoded. */
const MAX_ANSWER_BYTES = 4_194_304;

/**
 * Sends a GET of the instrumentation's own with the program's client, and so with its address, credentials and
 * transport. It records no telemetry, does not retry, and times out after five seconds.
 *
 * @param assistantsVersion the `OpenAI-Beta` header that the program's own requests carry
 * @param controller aborts the request
 * @returns the parsed answer; `undefined` if it is larger than 4 MiB, which is said once
 * @throws the SDK's error
 */
export async function readWithClient(
  client: object,
  path: string,
  query: Readonly<Record<string, unknown>>,
  assistantsVersion: string | undefined,
  // The SDK's own timeout ends when the headers arrive. `AbortSignal.timeout` would keep the request for all its time.
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
    // The client of a test may return a plain promise.
    if (typeof asResponse !== 'function') return await promise;
    const answer = await readJson(await asResponse.call(promise), MAX_ANSWER_BYTES, signal);
    if (!isTooLarge(answer)) return answer;
  } finally {
    clearTimeout(timer);
  }
  notice('answer_too_large');
  return undefined;
}
