import { field } from '../util/payload.ts';
import { makeSuppressed } from './suppression.ts';

const OWN_REQUEST_TIMEOUT_MS = 5_000;

/**
 * Sends a GET of the instrumentation's own with the program's client, and so with its address, credentials and
 * transport. It records no telemetry, does not retry, and times out after five seconds.
 *
 * @param assistantsVersion the `OpenAI-Beta` header that the program's own requests carry
 * @throws the SDK's error
 */
export async function readWithClient(
  client: object,
  path: string,
  query: Readonly<Record<string, unknown>>,
  assistantsVersion: string,
): Promise<unknown> {
  const get = field(client, 'get');
  if (typeof get !== 'function') throw new TypeError('the client has no get');
  const options = {
    query,
    maxRetries: 0,
    timeout: OWN_REQUEST_TIMEOUT_MS,
    headers: { 'OpenAI-Beta': assistantsVersion },
  };
  return (await makeSuppressed(() => get.call(client, path, options))) as unknown;
}
