import { inspect } from 'node:util';
import type OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { areCollected } from '../support/collected.ts';
import { HELLO, useSession } from '../support/use-session.ts';

type Chunk = OpenAI.Chat.ChatCompletionChunk;

const session = useSession();

function open(client: OpenAI): Promise<Stream<Chunk>> {
  return client.chat.completions.create({ ...HELLO, stream: true });
}

function texts(chunks: readonly Chunk[]): unknown[] {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? choices[0]?.finish_reason);
}

type Program = (client: OpenAI) => Promise<unknown>;

/** The program gets the same, or fails alike, with a plain and with an instrumented client. */
async function compare(program: Program): Promise<unknown> {
  const [plain, observed] = [
    await program(session().plain).catch(String),
    await program(session().client).catch(String),
  ];
  expect(observed).toEqual(plain);
  return plain;
}

describe('a stream gives the same results as without instrumentation', () => {
  const ALL = 'chat gpt-4o  openai.stream.end=completed openai.stream.chunk_count=7';

  test.each<[string, Program, spans: string]>([
    ['read to its end', async (client) => texts(await Array.fromAsync(await open(client))), ALL],
    [
      'read by hand',
      async (client) => {
        const results: unknown[] = [];
        const iterator = (await open(client))[Symbol.asyncIterator]();
        for (let result = await iterator.next(); !result.done; result = await iterator.next())
          results.push(result.value.choices);
        return [results, await iterator.next(), Object.prototype.toString.call(iterator)];
      },
      ALL,
    ],
    [
      'with many chunks requested at once',
      async (client) => {
        const iterator = (await open(client))[Symbol.asyncIterator]();
        const results = await Promise.all(Array.from({ length: 9 }, () => iterator.next()));
        return results.map(({ done, value }) => [done, value?.choices]);
      },
      ALL,
    ],
    [
      'left early',
      async (client) => {
        const read: Chunk[] = [];
        for await (const chunk of await open(client)) {
          read.push(chunk);
          if (read.length === 3) break;
        }
        return texts(read);
      },
      'chat gpt-4o  openai.stream.end=cancelled openai.stream.chunk_count=3 gen_ai.response.id=chatcmpl-*',
    ],
    [
      'left by an error of the program',
      async (client) => {
        for await (const _ of await open(client)) throw new Error('mine');
        return undefined;
      },
      'chat gpt-4o  openai.stream.end=cancelled openai.stream.chunk_count=1',
    ],
    [
      'aborted while it is read',
      async (client) => {
        const stream = await open(client);
        const read: Chunk[] = [];
        for await (const chunk of stream) {
          read.push(chunk);
          stream.controller.abort();
        }
        return texts(read);
      },
      'chat gpt-4o  openai.stream.end=aborted openai.stream.chunk_count=1',
    ],
    [
      'aborted and left',
      async (client) => {
        const stream = await open(client);
        for await (const chunk of stream) {
          stream.controller.abort();
          if (chunk) break;
        }
        return stream.controller.signal.aborted;
      },
      'chat gpt-4o  openai.stream.end=aborted openai.stream.chunk_count=1',
    ],
    [
      'split in two',
      async (client) => {
        const [left, right] = (await open(client)).tee();
        return [texts(await Array.fromAsync(left)), texts(await Array.fromAsync(right))];
      },
      ALL,
    ],
    [
      'printed, and then read',
      async (client) => {
        const stream = await open(client);
        return [inspect(stream, { depth: 0 }), texts(await Array.fromAsync(stream))];
      },
      ALL,
    ],
    [
      'as a web stream',
      async (client) => {
        const text = await new Response((await open(client)).toReadableStream()).text();
        return text.split('\n').length;
      },
      ALL,
    ],
    [
      'with its response',
      async (client) => {
        const { data, response } = await client.chat.completions
          .create({ ...HELLO, stream: true })
          .withResponse();
        return [texts(await Array.fromAsync(data)), response.status];
      },
      ALL,
    ],
    [
      'through the helper for streams',
      async (client) => {
        const deltas: string[] = [];
        const stream = client.chat.completions.stream({ model: HELLO.model, messages: HELLO.messages });
        stream.on('content', (delta) => deltas.push(delta));
        const { choices } = await stream.finalChatCompletion();
        return [deltas, choices];
      },
      ALL,
    ],
    [
      'aborted through the helper for streams',
      async (client) => {
        const stream = client.chat.completions.stream({ model: HELLO.model, messages: HELLO.messages });
        stream.on('content', () => stream.abort());
        return stream.finalChatCompletion();
      },
      'chat gpt-4o  openai.stream.end=aborted',
    ],
  ])('%s', async (_, program, expected) => {
    await compare(program);
    assertSpanTree(session().spans, expected);
  });

  test('read a second time, which fails', async () => {
    const failure = await compare(async (client) => {
      const stream = await open(client);
      await Array.fromAsync(stream);
      return Array.fromAsync(stream);
    });
    expect(failure).toContain('Cannot iterate over a consumed stream');
    assertSpanTree(session().spans, ALL);
  });

  test('read a second time during the first, which fails and does not affect the first', async () => {
    await compare(async (client) => {
      const stream = await open(client);
      const first = stream[Symbol.asyncIterator]();
      const read = [(await first.next()).value as Chunk];
      const second = await Array.fromAsync(stream).catch(String);
      for (let result = await first.next(); !result.done; result = await first.next())
        read.push(result.value);
      return [second, texts(read)];
    });
    assertSpanTree(session().spans, ALL);
  });

  test('as an object of the same class, with the same generator', async () => {
    const [plain, observed] = [await open(session().plain), await open(session().client)];
    expect(Object.getPrototypeOf(observed)).toBe(Object.getPrototypeOf(plain));
    const [one, other] = [plain, observed].map((stream) => stream[Symbol.asyncIterator]());
    expect(Object.getPrototypeOf(Object.getPrototypeOf(other))).toBe(
      Object.getPrototypeOf(Object.getPrototypeOf(one)),
    );
    await other?.return?.(undefined);
    await one?.return?.(undefined);
  });

  test('left early, also for the server', async () => {
    for (const client of [session().plain, session().client]) {
      session().simulator.next({ eventDelayMs: 50 });
      for await (const _ of await open(client)) break;
    }
    await expect.poll(() => session().simulator.requests.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});

describe('a stream that outlasts tracing', () => {
  test('has its span ended at shutdown, and can be read to its end', async () => {
    const stream = await open(session().client);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await session().provider.shutdown();
    assertSpanTree(session().spans, 'chat gpt-4o  openai.stream.end=abandoned openai.stream.chunk_count=1');
    let rest = 0;
    while (!(await iterator.next()).done) rest++;
    expect(rest).toBe(6);
  });

  test('can be read if tracing ends between its start and its first chunk', async () => {
    const stream = await open(session().client);
    await session().provider.shutdown();
    assertSpanTree(session().spans, 'chat gpt-4o  openai.stream.end=abandoned openai.stream.chunk_count=0');
    expect(await Array.fromAsync(stream)).toHaveLength(7);
  });

  test('has its call ended at shutdown, which still returns the stream', async () => {
    session().simulator.next({ delayMs: 50 });
    const answer = session().client.chat.completions.create({ ...HELLO, stream: false });
    await expect.poll(() => session().openSpans).toEqual(['chat gpt-4o']);
    await session().provider.shutdown();
    assertSpanTree(session().spans, 'chat gpt-4o  openai.response.parsed=false');
    expect((await answer).object).toBe('chat.completion');
  });
});

test('a stream that is open does not keep its request in memory', async () => {
  const start = async (): Promise<{ stream: Stream<Chunk>; request: WeakRef<object> }> => {
    const request = { ...HELLO, stream: true as const };
    const stream = await session().client.chat.completions.create(request);
    return { stream, request: new WeakRef(request) };
  };
  const { stream, request } = await start();
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  expect(await areCollected(request)).toBe(true);
  expect(session().openSpans).toEqual(['chat gpt-4o']);
  await iterator.return?.();
});
