import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { HELLO, useSession } from '../support/use-session.ts';

const session = useSession({ config: { captureMessageContent: true } });

type Parameters = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
type Program = (client: OpenAI) => Promise<unknown>;

/** What a program does, what it sends and what it gets are the same on a plain and on an instrumented client. */
async function compare(program: Program): Promise<void> {
  const outcomes: unknown[] = [];
  for (const client of [session().plain, session().client]) {
    const sent = session().simulator.requests.length;
    const result = await program(client);
    const requests = session()
      .simulator.requests.slice(sent)
      .map(({ method, path, headers, body }) => {
        const { 'x-stainless-os': _, connection: __, ...rest } = headers;
        // The boundary of a multipart body is made up for each.
        const isForm = rest['content-type']?.startsWith('multipart');
        return isForm ? { method, path } : { method, path, headers: rest, body };
      });
    outcomes.push(withoutIds({ result, requests }));
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
}

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

/** The simulator counts its ids up, and a second may have passed. */
function withoutIds(value: unknown): unknown {
  if (value instanceof Headers) return withoutIds(Object.fromEntries(value));
  if (typeof value === 'string')
    return value.replace(/\b([a-z]+[-_])0+\d+/g, '$1').replace(/("created":|_at":)\d+/g, '$1');
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  const lasting = Object.entries(value).filter(([key]) => !/^date$|^created$|_at$/.test(key));
  return Object.fromEntries(lasting.map(([key, item]) => [key, withoutIds(item)]));
}

const FORMAT: Parameters['response_format'] = {
  type: 'json_schema',
  json_schema: {
    name: 'answer',
    strict: true,
    schema: { type: 'object', properties: {}, required: [], additionalProperties: false },
  },
};

describe('a program gets the same results as without instrumentation', () => {
  test.each<[string, Program, spans: string]>([
    [
      'the value, awaited twice',
      async (client) => {
        const promise = client.chat.completions.create(HELLO);
        const [first, second] = [await promise, await promise];
        expect(second).toBe(first);
        return first;
      },
      'chat gpt-4o',
    ],
    [
      'the value with its response',
      async (client) => {
        const { data, response, request_id } = await client.chat.completions.create(HELLO).withResponse();
        return { data, status: response.status, headers: response.headers, request_id };
      },
      'chat gpt-4o  openai.request.id=req_* gen_ai.usage.input_tokens=*',
    ],
    [
      'the raw response, its body unread',
      async (client) => {
        const response = await client.chat.completions.create(HELLO).asResponse();
        expect(response.bodyUsed).toBe(false);
        return response.json();
      },
      'chat gpt-4o  openai.response.parsed=false http.response.status_code=200 openai.request.id=req_*',
    ],
    [
      'the raw response of a stream, its body unread',
      async (client) => {
        const response = await client.chat.completions.create({ ...HELLO, stream: true }).asResponse();
        expect(response.bodyUsed).toBe(false);
        return response.text();
      },
      'chat gpt-4o  openai.response.parsed=false',
    ],
    [
      'first the raw response, then the value',
      async (client) => {
        const promise = client.models.list();
        const response = await promise.asResponse();
        return { status: response.status, page: (await promise).data };
      },
      'GET /models  openai.response.parsed=false',
    ],
    [
      'the value, which a library watches that asks for the raw response first',
      (client) => watchedByLibrary(client.chat.completions.create(HELLO)),
      'chat gpt-4o  gen_ai.usage.input_tokens=*',
    ],
    [
      'the watched value, long after its response',
      async (client) => {
        const promise = watchedByLibrary(client.chat.completions.create(HELLO));
        await (promise as unknown as { responsePromise: Promise<unknown> }).responsePromise;
        return promise;
      },
      'chat gpt-4o  gen_ai.usage.input_tokens=*',
    ],
    [
      'the raw response of a watched value',
      async (client) => (await watchedByLibrary(client.chat.completions.create(HELLO)).asResponse()).json(),
      'chat gpt-4o  openai.response.parsed=false',
    ],
    [
      'the raw response and the value, asked for at once',
      async (client) => {
        const promise = client.chat.completions.create(HELLO);
        const [response, completion] = await Promise.all([promise.asResponse(), promise]);
        return { status: response.status, completion };
      },
      'chat gpt-4o  gen_ai.usage.input_tokens=*',
    ],
    [
      'a page with its response',
      async (client) => {
        const { data, response } = await client.models.list().withResponse();
        return { data: data.data, status: response.status };
      },
      'GET /models  http.response.status_code=200',
    ],
    [
      'a value that a helper derived from the response',
      (client) => client.chat.completions.parse({ ...HELLO, response_format: FORMAT }),
      'chat gpt-4o  gen_ai.usage.input_tokens=*',
    ],
    [
      'the raw response instead of the derived value of a helper',
      async (client) => (await client.embeddings.create({ model: 'm', input: 'x' }).asResponse()).json(),
      'embeddings m  openai.response.parsed=false',
    ],
    [
      'embeddings, which the SDK decodes',
      (client) => client.embeddings.create({ model: 'm', input: ['a', 'b'], dimensions: 4 }),
      'embeddings m',
    ],
    ['a response', (client) => client.responses.create({ model: 'gpt-4o', input: 'Hello' }), 'chat gpt-4o'],
    [
      'the events of a streamed response',
      async (client) => {
        const stream = await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true });
        return Array.fromAsync(stream);
      },
      'chat gpt-4o  openai.stream.end=completed openai.stream.chunk_count=13',
    ],
    [
      'a binary answer',
      async (client) => (await client.files.content('file_1')).text(),
      'GET /files/{file_id}/content',
    ],
    [
      'an upload',
      async (client) => {
        const file = new File(['{}'], 'a.jsonl');
        return Object.keys(await client.files.create({ file, purpose: 'batch' }));
      },
      'POST /files',
    ],
    ['the deletion of something', (client) => client.models.delete('ft:gpt-4o:me'), 'DELETE /models/{model}'],
    [
      'an endpoint that has no method',
      (client) => client.post('/brand/new/endpoint', { body: { a: 1 }, query: { b: 2 } }),
      'POST /brand/{id}/endpoint',
    ],
  ])('%s', async (_, program, expected) => {
    await compare(program);
    assertSpanTree(session().spans, expected);
  });
});

test('a call ends when its raw response is read afterwards', async () => {
  const promise = session().client.models.list();
  await (promise as unknown as { responsePromise: Promise<unknown> }).responsePromise;
  expect(session().openSpans).toEqual(['GET /models']);
  const response = await promise.asResponse();
  expect(session().openSpans).toEqual([]);
  expect(await response.json()).toMatchObject({ object: 'list' });
});

test('an observed client is an object of the same class, with the same methods', () => {
  const own = Object.getOwnPropertyNames(session().client).sort();
  expect(session().client).toBeInstanceOf(OpenAI);
  expect(own).toEqual(Object.getOwnPropertyNames(session().plain).sort());
});
