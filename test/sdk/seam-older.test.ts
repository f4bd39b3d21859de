import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import type { Call, CallObserver } from '../../src/sdk/call.ts';
import { Seam } from '../../src/sdk/seam.ts';

interface Props {
  readonly response: Response;
}
type Parse = (props: Props) => Promise<unknown>;

/** The promise of openai 4 to 6: what parses the response is a function on the promise. */
class APIPromise {
  readonly responsePromise: Promise<Props>;
  parseResponse: Parse;
  parsedPromise: Promise<unknown> | undefined;

  constructor(responsePromise: Promise<Props>, parseResponse: Parse) {
    this.responsePromise = responsePromise;
    this.parseResponse = parseResponse;
  }

  transformed(transform: (value: unknown) => unknown): APIPromise {
    return new APIPromise(this.responsePromise, async (props) => transform(await this.parseResponse(props)));
  }

  async asResponse(): Promise<Response> {
    return (await this.responsePromise).response;
  }

  async withResponse(): Promise<{ data: unknown; response: Response }> {
    const [data, response] = await Promise.all([this.parse(), this.asResponse()]);
    return { data, response };
  }

  parse(): Promise<unknown> {
    this.parsedPromise ??= this.responsePromise.then((props) => this.parseResponse(props));
    return this.parsedPromise;
  }
}

/** The client of openai 4 to 6 as far as calls pass it. */
function newClient(observer: CallObserver): { request(options: object): APIPromise } {
  class Client {
    request(options: object): APIPromise {
      return new APIPromise(this.makeRequest(options), async ({ response }) => response.json());
    }

    async makeRequest(options: object): Promise<Props> {
      await options;
      return { response: await this.fetchWithTimeout() };
    }

    async fetchWithTimeout(): Promise<Response> {
      return Response.json({ id: 'id_1' });
    }
  }
  const client = new Client();
  Seam.of(Client.prototype).observeClient(client, observer);
  return client;
}

/** What was seen of the one call. */
async function observe(program: (promise: APIPromise) => Promise<unknown>): Promise<unknown> {
  const seen: unknown[] = [];
  const start = ({ method, path }: Call): ReturnType<CallObserver['start']> => ({
    context: ROOT_CONTEXT,
    settle: ({ outcome, value, status }) => void seen.push({ method, path, outcome, value, status }),
  });
  await program(newClient({ start }).request({ method: 'get', path: '/models' }));
  return seen;
}

const CALL = { method: 'GET', path: '/models', status: 200 };
const VALUE = { ...CALL, outcome: 'value', value: { id: 'id_1' } };

test.each<[string, (promise: APIPromise) => Promise<unknown>, object]>([
  ['its value', (promise) => promise.parse(), VALUE],
  ['its value, twice', async (promise) => [await promise.parse(), await promise.parse()], VALUE],
  ['a value derived from it', (promise) => promise.transformed(String).parse(), VALUE],
  ['its value with the response', (promise) => promise.withResponse(), VALUE],
  ['the raw response', (promise) => promise.asResponse(), { ...CALL, outcome: 'raw', value: undefined }],
  [
    'the raw response of a value derived from it',
    (promise) => promise.transformed(String).asResponse(),
    { ...CALL, outcome: 'raw', value: undefined },
  ],
])('a call of an older client is observed through %s', async (_, program, expected) => {
  expect(await observe(program)).toEqual([expected]);
});
