import { inspect } from 'node:util';
import type OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import { describe, expect, test } from 'vitest';
import { isStream } from '../../src/sdk/client-methods.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { areCollected } from '../support/collected.ts';
import { HELLO, useSession } from '../support/use-session.ts';

type Chunk = OpenAI.Chat.ChatCompletionChunk;
type Program = (client: OpenAI) => Promise<unknown>;

function open(client: OpenAI): Promise<Stream<Chunk>> {
  return client.chat.completions.create({ ...HELLO, stream: true });
}

function texts(chunks: readonly Chunk[]): unknown[] {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? choices[0]?.finish_reason);
}

const COMPLETED = 'openai.stream.end=completed openai.stream.chunk_count=7';

/** What programs do with a stream, and how it has ended then. */
const PROGRAMS: readonly (readonly [string, Program, end: string])[] = [
  [
    'read by hand, beyond its end',
    async (client) => {
      const results: unknown[] = [];
      const iterator = (await open(client))[Symbol.asyncIterator]();
      for (let result = await iterator.next(); !result.done; result = await iterator.next())
        results.push(result.value.choices);
      return [results, await iterator.next(), Object.prototype.toString.call(iterator)];
    },
    COMPLETED,
  ],
  [
    'with many chunks requested at once',
    async (client) => {
      const iterator = (await open(client))[Symbol.asyncIterator]();
      const results = await Promise.all(Array.from({ length: 9 }, () => iterator.next()));
      return results.map(({ done, value }) => [done, value?.choices]);
    },
    COMPLETED,
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
    'openai.stream.end=cancelled openai.stream.chunk_count=3 gen_ai.response.id=chatcmpl-*',
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
    'openai.stream.end=aborted openai.stream.chunk_count=1',
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
    'openai.stream.end=aborted openai.stream.chunk_count=1',
  ],
  [
    'printed, and then read',
    async (client) => {
      const stream = await open(client);
      return [inspect(stream, { depth: 0 }), texts(await Array.fromAsync(stream))];
    },
    COMPLETED,
  ],
  [
    'through the helper for streams',
    async (client) => {
      const seen: unknown[] = [];
      const stream = client.chat.completions.stream({ model: HELLO.model, messages: HELLO.messages });
      stream.on('chunk', (chunk) => seen.push(texts([chunk])));
      const { choices, usage } = await stream.finalChatCompletion();
      return [seen, choices, usage];
    },
    COMPLETED,
  ],
  [
    'by two readers, of whom the first one gets it',
    async (client) => {
      const stream = await open(client);
      const read = async (): Promise<unknown> => texts(await Array.fromAsync(stream));
      return (await Promise.allSettled([read(), read()])).map((each) => ({ ...each }));
    },
    COMPLETED,
  ],
];

describe.each([
  ['', {}, undefined, ''],
  [
    ', and its usage is recorded',
    { streamUsage: 'include' },
    { include_usage: true },
    'gen_ai.usage.input_tokens=*',
  ],
] as const)('a stream gives the same results as without instrumentation%s', (_, config, asked, usage) => {
  const session = useSession({ config });

  test.each(PROGRAMS)('%s', async (_what, program, end) => {
    const [plain, observed] = [
      await program(session().plain).catch(String),
      await program(session().client).catch(String),
    ];
    expect(observed).toEqual(plain);
    assertSpanTree(session().spans, `chat gpt-4o  ${end} ${end === COMPLETED ? usage : ''}`);
    const bodies = session().simulator.requests.map(({ body }) => body as { stream_options?: unknown });
    expect(bodies.map(({ stream_options }) => stream_options)).toEqual([undefined, asked]);
  });
});

describe('a stream', () => {
  const session = useSession();

  test('that is left early is left for the server, too', async () => {
    for (const client of [session().plain, session().client]) {
      session().simulator.next({ eventDelayMs: 50 });
      for await (const _ of await open(client)) break;
    }
    await expect.poll(() => session().simulator.requests.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  test('into which its reader throws an error ends with that error', async () => {
    const throwInto = async (client: OpenAI): Promise<unknown> => {
      const stream = await client.completions.create({ model: 'm', prompt: 'x', stream: true });
      const iterator = stream[Symbol.asyncIterator]() as AsyncGenerator;
      await iterator.next();
      return [await iterator.throw(new TypeError('Enough')).catch(String), await iterator.next()];
    };
    expect(await throwInto(session().client)).toEqual(await throwInto(session().plain));
    assertSpanTree(session().spans, 'text_completion m  !TypeError openai.stream.end=error');
  });

  test('that nobody has read when tracing ends is read to its end', async () => {
    const stream = await open(session().client);
    await session().provider.shutdown();
    assertSpanTree(session().spans, 'chat gpt-4o  openai.stream.end=abandoned openai.stream.chunk_count=0');
    expect(await Array.fromAsync(stream)).toHaveLength(7);
  });

  test('does not keep its request in memory while it is open', async () => {
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

  test('keeps nothing in memory after it was read, although the program keeps its own signal', async () => {
    const program = new AbortController();
    const read = async (client: OpenAI): Promise<WeakRef<object>> => {
      const body = { ...HELLO, stream: true as const };
      const stream = await client.chat.completions.create(body, { signal: program.signal });
      await Array.fromAsync(stream);
      return new WeakRef(stream.controller.signal);
    };
    const signals = [await read(session().plain), await read(session().client)] as const;
    expect(await areCollected(...signals)).toBe(true);
    expect(program.signal.aborted).toBe(false);
  });
});

test.each<[string, unknown, boolean]>([
  ['an object with iterator and controller', { iterator() {}, controller: new AbortController() }, true],
  ['an array', [], false],
  ['a web stream', new ReadableStream(), false],
  ['a value that has such fields', { iterator: 'a', controller: 'b' }, false],
  ['nothing', undefined, false],
  ['nothing', null, false],
])('a stream is recognised by its shape: %s, %s: %s', (_, value, expected) => {
  expect(isStream(value)).toBe(expected);
});
