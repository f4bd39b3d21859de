import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { HELLO, useSession } from '../support/use-session.ts';

/** That what a program gets is the same as without instrumentation, `test/transparency` shows for every version. */
const session = useSession({ config: { captureMessageContent: true } });

/** As Sentry watches a promise of the SDK: the parser, then failures, then who asks for the raw response. */
function watchedByLibrary<Promised extends { asResponse(): Promise<Response> }>(promise: Promised): Promised {
  const watch = (name: 'parseResponse' | 'asResponse'): void => {
    Reflect.set(promise, name, new Proxy(Reflect.get(promise, name) as () => unknown, {}));
  };
  watch('parseResponse');
  promise.asResponse().catch(() => undefined);
  watch('asResponse');
  return promise;
}

function responseArrived(promise: object): Promise<unknown> {
  return (promise as { responsePromise: Promise<unknown> }).responsePromise;
}

const COMPLETION = { object: 'chat.completion' };
const LIST = { object: 'list' };
const FORMAT: OpenAI.ResponseFormatJSONSchema = {
  type: 'json_schema',
  json_schema: {
    name: 'answer',
    strict: true,
    schema: { type: 'object', properties: {}, required: [], additionalProperties: false },
  },
};

test.each<[string, (client: OpenAI) => Promise<unknown>, result: unknown, spans: string]>([
  [
    'the value, twice',
    async (client) => {
      const promise = client.chat.completions.create(HELLO);
      const value = await promise;
      expect(await promise).toBe(value);
      return value;
    },
    COMPLETION,
    'chat gpt-4o',
  ],
  [
    'the value with its response',
    async (client) => (await client.chat.completions.create(HELLO).withResponse()).data,
    COMPLETION,
    'chat gpt-4o  openai.request.id=req_* gen_ai.usage.input_tokens=*',
  ],
  [
    'the raw response, its body unread',
    async (client) => {
      const response = await client.chat.completions.create(HELLO).asResponse();
      expect(response.bodyUsed).toBe(false);
      return response.json();
    },
    COMPLETION,
    'chat gpt-4o  openai.response.parsed=false openai.request.id=req_*',
  ],
  [
    'first the raw response, then the value',
    async (client) => {
      const promise = client.models.list();
      await promise.asResponse();
      return promise;
    },
    LIST,
    'GET /models  openai.response.parsed=false',
  ],
  [
    'the value, which a library watches that asks for the raw response first',
    (client) => watchedByLibrary(client.chat.completions.create(HELLO)),
    COMPLETION,
    'chat gpt-4o  gen_ai.usage.input_tokens=*',
  ],
  [
    'the watched value, long after its response',
    async (client) => {
      const promise = watchedByLibrary(client.chat.completions.create(HELLO));
      await responseArrived(promise);
      return promise;
    },
    COMPLETION,
    'chat gpt-4o  gen_ai.usage.input_tokens=*',
  ],
  [
    'the raw response of a watched value',
    async (client) => (await watchedByLibrary(client.chat.completions.create(HELLO)).asResponse()).json(),
    COMPLETION,
    'chat gpt-4o  openai.response.parsed=false',
  ],
  [
    'the raw response and the value at once',
    async (client) => {
      const promise = client.chat.completions.create(HELLO);
      return (await Promise.all([promise.asResponse(), promise]))[1];
    },
    COMPLETION,
    'chat gpt-4o  gen_ai.usage.input_tokens=*',
  ],
  [
    'a page with its response',
    async (client) => (await client.models.list().withResponse()).data,
    LIST,
    'GET /models ',
  ],
  [
    'a value that a helper derived from the response',
    (client) => client.chat.completions.parse({ ...HELLO, response_format: FORMAT }),
    COMPLETION,
    'chat gpt-4o  gen_ai.usage.input_tokens=*',
  ],
  [
    'the raw response instead of the derived value of a helper',
    async (client) => (await client.embeddings.create({ model: 'm', input: 'x' }).asResponse()).json(),
    LIST,
    'embeddings m  openai.response.parsed=false',
  ],
])('a call whose program asks for %s is recorded once', async (_, program, result, expected) => {
  const got = await program(session().client);
  expect(got).toEqual(typeof got === 'string' ? result : expect.objectContaining(result as object));
  assertSpanTree(session().spans, expected);
});

test('a call ends when its raw response is read afterwards', async () => {
  const promise = session().client.models.list();
  await responseArrived(promise);
  expect(session().openSpans).toEqual(['GET /models']);
  const response = await promise.asResponse();
  expect(session().openSpans).toEqual([]);
  expect(await response.json()).toMatchObject(LIST);
});
