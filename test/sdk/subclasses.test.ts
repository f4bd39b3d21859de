import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, createContextKey, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { HELLO, SLOW_BODY, useSession } from '../support/use-session.ts';

const session = useSession();

type MakeRequest = (...args: unknown[]) => Promise<unknown>;

/** A client of a subclass that makes requests in a way of its own. */
function startClient(
  make: (request: () => Promise<unknown>) => unknown,
  config: OpenAIInstrumentationConfig = {},
): OpenAI {
  class Client extends OpenAI {}
  Object.defineProperty(Client.prototype, 'makeRequest', {
    value(this: OpenAI, ...args: unknown[]) {
      const { makeRequest } = OpenAI.prototype as unknown as { makeRequest: MakeRequest };
      return make(() => makeRequest.apply(this, args));
    },
  });
  const client = new Client({
    apiKey: 'k',
    baseURL: session().simulator.url,
    maxRetries: 0,
    logLevel: 'off',
  });
  return instrumentOpenAI(client, { cost: false, ...config });
}

const ANSWERED = `
  chat gpt-4o  gen_ai.response.id={id} gen_ai.usage.input_tokens={tokens}
  ├─ attempt   !500
  └─ attempt
`;

const UNREAD = 'chat gpt-4o\n├─ attempt   !500\n└─ attempt';

describe('a subclass that sends a failed request again', () => {
  const again = async (request: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await request();
    } catch {
      await nextTurn();
      return request();
    }
  };

  test.each<[string, statuses: number[], (client: OpenAI) => Promise<unknown>, tree: string]>([
    ['ends with its result', [500], (client) => client.chat.completions.create(HELLO), ANSWERED],
    [
      'ends with the raw response, if the program asks for it',
      [500],
      async (client) => {
        const response = await client.chat.completions.create(HELLO).asResponse();
        expect(session().openSpans).toEqual([]);
        expect(await response.json()).toMatchObject({ object: 'chat.completion' });
      },
      UNREAD,
    ],
    [
      'ends with its stream',
      [500],
      async (client) => Array.fromAsync(await client.chat.completions.create({ ...HELLO, stream: true })),
      UNREAD,
    ],
    [
      'fails with the last error',
      [500, 404],
      (client) => expect(client.chat.completions.create(HELLO)).rejects.toThrow('404'),
      'chat gpt-4o  !NotFoundError\n├─ attempt   !500\n└─ attempt   !404',
    ],
  ])('is one call with all attempts, and %s', async (_, statuses, program, tree) => {
    for (const status of statuses) session().simulator.next({ status });
    await program(startClient(again));
    assertSpanTree(session().spans, tree);
  });

  test('sends its own request, and shows all of the answer', async () => {
    session().simulator.next({ status: 500 });
    const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
    session().simulator.next({ sse: [{ data: usage }, 'done'] });
    const client = startClient(again, { streamUsage: 'include' });
    const shown: unknown[] = [];
    for await (const chunk of await client.chat.completions.create({ ...HELLO, stream: true }))
      shown.push(chunk);
    expect(shown).toEqual([usage]);
  });
});

test('a subclass that sends a request again after a response ends its call with the last one', async () => {
  const client = startClient(async (request) => {
    await request();
    return request();
  });
  await client.chat.completions.create(HELLO).asResponse();
  expect(session().spans.map(({ name }) => name)).toEqual(['attempt', 'attempt', 'chat gpt-4o']);
});

test('a subclass that waits before it sends is observed', async () => {
  const client = startClient((request) => nextTurn().then(request));
  await client.chat.completions.create(HELLO);
  assertSpanTree(session().spans, 'chat gpt-4o  gen_ai.response.id={id}');
});

test('a subclass that does not return a promise sends as many requests as without instrumentation', async () => {
  let asked = 0;
  const client = startClient((request) => {
    const response = request();
    return {
      // biome-ignore lint/suspicious/noThenProperty: what is tested
      then(...handlers: Parameters<Promise<unknown>['then']>) {
        asked++;
        return response.then(...handlers);
      },
    };
  });
  await client.chat.completions.create(HELLO);
  expect(asked).toBe(1);
});

test('a subclass that sends no request makes no call', async () => {
  const response = Response.json({ object: 'chat.completion', choices: [] });
  const client = startClient(async () => ({
    response,
    options: { method: 'post', path: '/chat/completions' },
    controller: new AbortController(),
    startTime: Date.now(),
  }));
  expect(await client.chat.completions.create(HELLO)).toMatchObject({ choices: [] });
  expect(session().spans).toEqual([]);
});

test('a subclass that makes another call after a response counts the attempts of each', async () => {
  let isNested = false;
  const client = startClient(async (request) => {
    const response = await request();
    if (isNested) return response;
    isNested = true;
    session().simulator.next(SLOW_BODY);
    await client.embeddings.create({ model: 'm', input: 'Hello' }, { timeout: 1_000, maxRetries: 1 });
    return response;
  });
  await client.chat.completions.create(HELLO);
  assertSpanTree(
    session().spans,
    `
    chat gpt-4o
    └─ embeddings m    http.request.resend_count=1
       ├─ attempt      !APIConnectionTimeoutError
       └─ attempt      http.request.resend_count=1
    `,
  );
});

describe('a subclass that retries in a context of its own sends in that context', () => {
  test.each([
    ['after a failure', { status: 500, headers: { 'retry-after-ms': '1' } }],
    ['while it reads the body', SLOW_BODY],
  ])('%s', async (_, answer) => {
    const key = createContextKey('of the program');
    class Client extends OpenAI {}
    Object.defineProperty(Client.prototype, 'retryRequest', {
      value(this: OpenAI, ...args: unknown[]) {
        const { retryRequest } = OpenAI.prototype as unknown as { retryRequest: MakeRequest };
        return context.with(context.active().setValue(key, 'kept'), () => retryRequest.apply(this, args));
      },
    });
    const seen: unknown[] = [];
    const client = new Client({
      apiKey: 'k',
      baseURL: session().simulator.url,
      maxRetries: 1,
      timeout: 1_000,
      fetch: (url, init) => {
        const active = context.active();
        seen.push([active.getValue(key), trace.getSpan(active) !== undefined]);
        return fetch(url, init);
      },
    });
    session().simulator.next(answer);
    await instrumentOpenAI(client, { cost: false }).chat.completions.create(HELLO);
    expect(seen).toEqual([
      [undefined, true],
      ['kept', true],
    ]);
    expect(session().spans.map(({ name }) => name)).toEqual(['attempt', 'attempt', 'chat gpt-4o']);
  });
});
