import { field } from '../util/payload.ts';
import { makeSuppressed } from './suppression.ts';

const TIMEOUT = 5_000;

/**
 * A GET of the instrumentation's own, on the program's client, so that its address, credentials and transport
 * are the program's. It leaves no telemetry, is not retried, and gives up after five seconds.
 *
 * @param assistantsVersion the `OpenAI-Beta` header that the program's own requests carry
 * @throws what the SDK throws
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
    timeout: TIMEOUT,
    headers: { 'OpenAI-Beta': assistantsVersion },
  };
  return (await makeSuppressed(() => get.call(client, path, options))) as unknown;
}
