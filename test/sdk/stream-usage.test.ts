import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import type OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { flush } from '../../src/client.ts';
import { Observer } from '../../src/pipeline/observer.ts';
import { Call, openCalls } from '../../src/sdk/call.ts';
import { findClientPrototype } from '../../src/sdk/find-client.ts';
import { Seam } from '../../src/sdk/seam.ts';
import { askForUsage, isUsageChunk, removeNoUsage } from '../../src/sdk/stream-usage.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { type Session, startSession } from '../support/session.ts';
import { unhandledRejection } from '../support/unhandled-rejection.ts';
import { HELLO } from '../support/use-session.ts';

type Chunk = OpenAI.Chat.ChatCompletionChunk;

const STREAMED: OpenAI.Chat.ChatCompletionCreateParamsStreaming = { ...HELLO, stream: true };

let session: Session;
beforeEach(async () => {
  session = await startSession({ config: { streamUsage: 'include', chunkMetrics: 'each' } });
});
afterEach(() => session.verify());

function open(client: OpenAI): Promise<Stream<Chunk>> {
  return client.chat.completions.create(STREAMED);
}

function texts(chunks: readonly Chunk[]): unknown[] {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? choices[0]?.finish_reason ?? 'no choices');
}

function sentBodies(): Record<string, unknown>[] {
  return session.simulator.requests.map(({ body }) => body as Record<string, unknown>);
}

describe('the usage of a stream is recorded, and the program sees no difference', () => {
  test('for a legacy completion', async () => {
    const ask = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once', stream: true } as const;
    const [plain, observed] = [
      await Array.fromAsync(await session.plain.completions.create(ask)),
      await Array.fromAsync(await session.client.completions.create(ask)),
    ];
    expect(observed.map(({ choices }) => choices)).toEqual(plain.map(({ choices }) => choices));
    assertSpanTree(session.spans, 'text_completion *  gen_ai.usage.input_tokens=*');
  });

  test.each([
    ['ends', [], ['a', 'b', 'c', 'done', 'done']],
    ['breaks', [{ error: { message: 'boom' } }], ['a', 'b', 'c', 'boom', 'done']],
  ])(
    'in order, if the program asks for chunks ahead and the usage is not last: a stream that %s',
    async (_, rest, expected) => {
      const head = { id: 'cmpl_1', model: 'm' };
      const choices = (text: string): object => {
        return { ...head, choices: [{ index: 0, text, finish_reason: 'stop' }] };
      };
      const usage = { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 3 } };
      const events = [choices('a'), usage, choices('b'), choices('c'), ...rest];
      session.simulator.next({ sse: [...events.map((data) => ({ data })), 'done'] });
      // The SDK itself puts the chunks of chat completions in order.
      const stream = await session.client.completions.create({ model: 'm', prompt: 'x', stream: true });
      const iterator = stream[Symbol.asyncIterator]();
      const taken = await Promise.allSettled(expected.map(() => iterator.next()));
      expect(
        taken.map((one) =>
          one.status === 'rejected'
            ? one.reason.message
            : one.value.done
              ? 'done'
              : one.value.value.choices[0]?.text,
        ),
      ).toEqual(expected);
    },
  );

  test('and a rejection that the program does not handle is reported', async () => {
    session.simulator.next({ sse: [{ data: { error: { message: 'boom' } } }] });
    const stream = await session.client.completions.create({ model: 'm', prompt: 'x', stream: true });
    const iterator = stream[Symbol.asyncIterator]();
    const unhandled = unhandledRejection();
    void iterator.next();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await unhandled).toMatchObject({ message: 'boom' });
  });

  test('once, including metrics', async () => {
    await Array.fromAsync(await open(session.client));
    const all = await session.metrics();
    const count = (name: string): number[] | undefined =>
      all
        .find(({ descriptor }) => descriptor.name === name)
        ?.dataPoints.map(({ value }) => (value as { count: number }).count);
    expect(count('gen_ai.client.token.usage')).toEqual([1, 1]);
    // The chunk that nobody sees is none between which time passes.
    expect(count('gen_ai.client.operation.time_per_output_chunk')).toEqual([6]);
  });

  test('without a change to the parameters of the program', async () => {
    const params = Object.freeze({
      ...STREAMED,
      stream_options: Object.freeze({ include_obfuscation: false }),
    });
    await Array.fromAsync(await session.client.chat.completions.create(params));
    expect(params.stream_options).toEqual({ include_obfuscation: false });
    expect(sentBodies()[0]?.stream_options).toEqual({ include_obfuscation: false, include_usage: true });
  });

  test('although the server adds an empty usage to each chunk then', async () => {
    const head = { id: 'chatcmpl-1', model: STREAMED.model };
    const choices = [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 3, completion_tokens: 1 };
    const events = [
      { ...head, choices, usage: null },
      { ...head, choices: [], usage },
    ];
    session.simulator.next({ sse: [...events.map((data) => ({ data })), 'done'] });
    expect(await Array.fromAsync(await open(session.client))).toEqual([{ ...head, choices }]);
    assertSpanTree(session.spans, 'chat gpt-4o  gen_ai.usage.input_tokens=3');
  });

  test('and a retry asks for and hides it again', async () => {
    session.simulator.next({ status: 500 });
    const stream = await session.client.chat.completions.create(STREAMED, { maxRetries: 1 });
    expect(texts(await Array.fromAsync(stream))).not.toContain('no choices');
    expect(sentBodies().map(({ stream_options }) => stream_options)).toEqual([
      { include_usage: true },
      { include_usage: true },
    ]);
  });
});

describe('the usage stays hidden if recording ends between request and answer', () => {
  const requested = (): Promise<void> => expect.poll(() => session.simulator.requests.length).toBe(1);

  test.each([
    ['the provider shuts down', async () => session.provider.shutdown()],
    [
      'a flush ends calls whose answer nobody has asked for',
      async () => {
        await expect
          .poll(() => openCalls().map(({ phase, requested }) => phase === 'answered' && !requested))
          .toEqual([true]);
        await flush();
      },
    ],
  ])('%s', async (_, end) => {
    const opening = open(session.client);
    await requested();
    await end();
    expect(texts(await Array.fromAsync(await opening))).not.toContain('no choices');
    expect(sentBodies()[0]?.stream_options).toEqual({ include_usage: true });
  });

  test('the instrumentation is disabled', async () => {
    // Clients of this build have no settings of their own, so nothing else keeps the class patched.
    const Client: typeof OpenAI = createRequire(import.meta.url)('openai');
    const client = new Client({ apiKey: 'test', baseURL: session.simulator.url });
    const seam = Seam.of(findClientPrototype(client) ?? {});
    const observer = new Observer({ streamUsage: 'include' });
    seam.addDefault(observer);
    const opening = open(client);
    await requested();
    seam.removeDefault(observer);
    observer.dispose();
    expect(texts(await Array.fromAsync(await opening))).not.toContain('no choices');
    expect(sentBodies()[0]?.stream_options).toEqual({ include_usage: true });
  });
});

describe('a request is unchanged', () => {
  test.each([true, false])('if the caller sets include_usage: %s', async (include_usage) => {
    const params = { ...STREAMED, stream_options: { include_usage } };
    const chunks = await Array.fromAsync(await session.client.chat.completions.create(params));
    expect(sentBodies()[0]?.stream_options).toEqual({ include_usage });
    expect(texts(chunks).includes('no choices')).toBe(include_usage);
  });

  test('if the program reads the raw response, whose body would show the usage', async () => {
    const response = await session.client.chat.completions.create(STREAMED).asResponse();
    expect(await response.text()).toContain('data: [DONE]');
    expect(sentBodies()[0]).not.toHaveProperty('stream_options');
  });

  test('for plain calls, and for responses, which always report it', async () => {
    await session.client.chat.completions.create({ ...STREAMED, stream: false });
    await Array.fromAsync(await session.client.responses.create({ model: 'm', input: 'Hi', stream: true }));
    for (const body of sentBodies()) expect(body).not.toHaveProperty('stream_options');
  });

  test('for OpenRouter, which always sends the usage chunk', async () => {
    await session.verify();
    const providers = [{ host: '127.0.0.1', provider: 'openrouter' }];
    session = await startSession({ config: { streamUsage: 'include', providers } });
    const head = { id: 'gen-1', model: STREAMED.model };
    const choice = { index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' };
    const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4, cost: 0.5 };
    const chunks = [
      { ...head, choices: [choice], usage: null },
      { ...head, choices: [], usage },
    ];
    session.simulator.next({ sse: [...chunks.map((data) => ({ data })), 'done'] });
    expect(await Array.fromAsync(await open(session.client))).toEqual(chunks);
    expect(sentBodies()[0]).not.toHaveProperty('stream_options');
    assertSpanTree(session.spans, 'chat gpt-4o  openai.stream.chunk_count=2 gen_ai.usage.input_tokens=3');
  });
});

describe('a server that refuses stream_options', () => {
  const HOUR = 3_600_000;
  const refuse = (status: number, error: object = { message: 'Unknown field: stream_options' }): void =>
    session.simulator.next({ status, body: { error } });
  const asked = (): boolean[] => sentBodies().map((body) => 'stream_options' in body);
  afterEach(() => vi.restoreAllMocks());

  test.each([400, 422])('gets the request again as the program made it: status %i', async (status) => {
    const plain = texts(await Array.fromAsync(await open(session.plain)));
    refuse(status);
    const { data, response } = await session.client.chat.completions.create(STREAMED).withResponse();
    expect(response.status).toBe(200);
    expect(texts(await Array.fromAsync(data))).toEqual(plain);
    expect(asked()).toEqual([false, true, false]);
    expect(sentBodies()[2]).toEqual(sentBodies()[0]);
    assertSpanTree(
      session.spans,
      `
      chat gpt-4o  openai.stream.end=completed http.request.resend_count=1 openai.usage.estimated_output_tokens=5
      ├─ attempt   !${status} http.response.status_code=${status}
      └─ attempt   http.request.resend_count=1
      `,
    );
  });

  test('may send a usage that nobody has asked for, which the program sees', async () => {
    refuse(400);
    const usage = { id: 'chatcmpl-1', model: 'm', choices: [], usage: { prompt_tokens: 3 } };
    session.simulator.next({ sse: [{ data: usage }, 'done'] });
    expect(await Array.fromAsync(await open(session.client))).toEqual([usage]);
  });

  test('is not asked again for an hour', async () => {
    refuse(400);
    for (const _ of [1, 2]) await Array.fromAsync(await open(session.client));
    expect(asked()).toEqual([true, false, false]);
    const time = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => time + HOUR + 1);
    await Array.fromAsync(await open(session.client));
    expect(asked().at(-1)).toBe(true);
  });

  test('is asked again if it also refuses the request of the program, which gets that error', async () => {
    const fails = async (client: OpenAI): Promise<string> =>
      String(await open(client).catch((error: unknown) => error));
    refuse(400, { message: 'Too long' });
    const plain = await fails(session.plain);
    refuse(400);
    refuse(400, { message: 'Too long' });
    expect(await fails(session.client)).toBe(plain);
    await Array.fromAsync(await open(session.client));
    expect(asked()).toEqual([false, true, false, true]);
  });

  test('gets a request once if the error names another parameter', async () => {
    refuse(400, { message: 'Bad', param: 'messages' });
    await expect(open(session.client)).rejects.toThrow('400 Bad');
    expect(asked()).toEqual([true]);
  });

  test('gets a request once if the program itself asked for the usage', async () => {
    refuse(400);
    const params = { ...STREAMED, stream_options: { include_usage: true } };
    await expect(session.client.chat.completions.create(params)).rejects.toThrow('stream_options');
    expect(asked()).toEqual([true]);
  });
});

test('an empty usage field is removed from chunks', () => {
  const chunks = [{ id: 1, usage: null }, { id: 2, usage: {} }, { id: 3 }];
  for (const chunk of [...chunks, null, 'text']) removeNoUsage(chunk);
  expect(chunks.map(Object.keys)).toEqual([['id'], ['id', 'usage'], ['id']]);
});

describe('a request for a stream', () => {
  class Body {
    stream = true;
  }
  const asked = { include_usage: true };
  const { signal } = new AbortController();

  test.each<[string, unknown, sent?: object]>([
    ['no options', undefined],
    ['no options', null],
    ['no body', {}],
    ['no body', { body: null }],
    ['a text as its body', { body: 'stream' }],
    ['no stream', { body: { stream: false } }],
    ['options that are a text', { body: { stream: true, stream_options: 'all' } }],
    ['options that are a list', { body: { stream: true, stream_options: [] } }],
    ['a body of a class', { body: new Body() }],
    [
      'other options',
      { path: '/p', signal, body: Object.freeze({ stream: true, stream_options: null, n: 1 }) },
      { path: '/p', signal, body: { stream: true, stream_options: asked, n: 1 } },
    ],
    [
      'a body from another realm, as in a test with Jest',
      { body: runInNewContext('({ stream: true, n: 1 })') },
      { body: { stream: true, stream_options: asked, n: 1 } },
    ],
  ])('asks for the usage only beside what the program has set: %s', (_, options, sent) => {
    const call = new Call({}, { start: () => undefined }, ROOT_CONTEXT);
    if (sent === undefined) expect(askForUsage(call, options)).toBe(options);
    else expect(askForUsage(call, options)).toEqual(sent);
    expect(call.hidesUsage).toBe(sent !== undefined);
  });
});

test.each<[unknown, boolean]>([
  [{ choices: [], usage: { prompt_tokens: 1 } }, true],
  [{ choices: [], usage: null }, false],
  // Azure sends one like this first.
  [{ choices: [], prompt_filter_results: [] }, false],
  [{ choices: [{ delta: {} }], usage: { prompt_tokens: 1 } }, false],
  [{ usage: { prompt_tokens: 1 } }, false],
  [null, false],
])('%j is the chunk that only contains usage: %s', (chunk, expected) => {
  expect(isUsageChunk(chunk)).toBe(expected);
});
