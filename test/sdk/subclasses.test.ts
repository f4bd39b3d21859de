import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, createContextKey, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { HELLO, useSession } from '../support/use-session.ts';

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

describe('a subclass that sends a failed request again', () => {
  const again = async (request: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await request();
    } catch {
      await nextTurn();
      return request();
    }
  };

  test('is one call with all attempts, and ends with its result', async () => {
    session().simulator.next({ status: 500 });
    await startClient(again).chat.completions.create(HELLO);
    assertSpanTree(session().spans, ANSWERED);
  });

  test('is one call whose stream is read to its end', async () => {
    session().simulator.next({ status: 500 });
    for await (const _ of await startClient(again).chat.completions.create({ ...HELLO, stream: true }));
    expect(session().spans.map(({ name, status }) => [name, status.code])).toEqual([
      ['attempt', 2],
      ['attempt', 0],
      ['chat gpt-4o', 0],
    ]);
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

  test('is one call that ends with the raw response, if the program asks for it', async () => {
    session().simulator.next({ status: 500 });
    const response = await startClient(again).chat.completions.create(HELLO).asResponse();
    expect(session().openSpans).toEqual([]);
    expect(await response.json()).toMatchObject({ object: 'chat.completion' });
  });

  test('is one call with result and response', async () => {
    session().simulator.next({ status: 500 });
    const { data, response } = await startClient(again).chat.completions.create(HELLO).withResponse();
    expect([data.object, response.status]).toEqual(['chat.completion', 200]);
    assertSpanTree(session().spans, ANSWERED);
  });

  test('fails with the last error', async () => {
    session().simulator.next({ status: 500 });
    session().simulator.next({ status: 404 });
    await expect(startClient(again).chat.completions.create(HELLO)).rejects.toThrow('404');
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o  !NotFoundError
      ├─ attempt   !500
      └─ attempt   !404
      `,
    );
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
    session().simulator.next({
      sse: Array.from({ length: 100 }, () => ({ data: 'x' })),
      eventDelayMs: 100,
      headers: { 'content-type': 'application/json' },
    });
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
  const slow = {
    sse: Array.from({ length: 100 }, () => ({ data: 'x' })),
    eventDelayMs: 100,
    headers: { 'content-type': 'application/json' },
  };

  test.each([
    ['after a failure', { status: 500, headers: { 'retry-after-ms': '1' } }],
    ['while it reads the body', slow],
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
