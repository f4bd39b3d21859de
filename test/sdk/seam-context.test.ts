import { type Context, context, createContextKey, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import OpenAI from 'openai';
import { beforeEach, describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { HELLO, useSession } from '../support/use-session.ts';

const session = useSession();

function complete(client: OpenAI, model = 'gpt-4o'): Promise<unknown> {
  return client.chat.completions.create({ ...HELLO, model });
}

async function inSpan<Result>(name: string, run: (span: Span) => Promise<Result>): Promise<Result> {
  return trace.getTracer('program').startActiveSpan(name, async (span) => {
    try {
      return await run(span);
    } finally {
      span.end();
    }
  });
}

function nameOf(active: Context = context.active()): string | undefined {
  return (trace.getSpan(active) as unknown as { name?: string } | undefined)?.name;
}

/** A client whose requests pass a function of the program. */
function withFetch(fetchIt: typeof fetch, Client = OpenAI): OpenAI {
  return instrumentOpenAI(
    new Client({ apiKey: 'k', baseURL: session().simulator.url, maxRetries: 1, fetch: fetchIt }),
    {},
  );
}

describe('the span of a call is active', () => {
  test('when the SDK sends the request, in every attempt', async () => {
    const active: unknown[] = [];
    const client = withFetch((url, init) => {
      active.push(nameOf());
      return fetch(url, init);
    });
    session().simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
    await inSpan('program', () => complete(client));
    expect(active).toEqual(['chat gpt-4o', 'chat gpt-4o']);
  });

  test('when the SDK retries while it reads the body', async () => {
    const active: unknown[] = [];
    const client = withFetch((url, init) => {
      active.push(nameOf());
      return fetch(url, init);
    });
    const slow = { sse: Array.from({ length: 100 }, () => ({ data: 'x' })), eventDelayMs: 100 };
    session().simulator.next({ ...slow, headers: { 'content-type': 'application/json' } });
    await client.chat.completions.create(HELLO, { timeout: 1_000 });
    expect(active).toEqual(['chat gpt-4o', 'chat gpt-4o']);
  });

  describe('with a context manager that copies each context, as that of Sentry does', () => {
    const SCOPE = createContextKey('scope');
    class CopyingContextManager extends AsyncLocalStorageContextManager {
      override with: AsyncLocalStorageContextManager['with'] = (entered, ...rest) =>
        super.with(entered.setValue(SCOPE, {}), ...rest);
    }
    class OwnSpans extends OpenAI {
      override fetchWithTimeout: OpenAI['fetchWithTimeout'] = (...args) =>
        inSpan('request', () => super.fetchWithTimeout(...args));
    }
    beforeEach(() => {
      context.disable();
      context.setGlobalContextManager(new CopyingContextManager());
    });

    test.each([
      ['in every attempt', OpenAI, 'chat gpt-4o'],
      ['below a span of a subclass', OwnSpans, 'request'],
    ])('%s', async (_, Client, expected) => {
      const active: unknown[] = [];
      const client = withFetch((url, init) => {
        active.push(nameOf());
        return fetch(url, init);
      }, Client);
      session().simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
      await inSpan('program', () => complete(client));
      expect(active).toEqual([expected, expected]);
    });
  });

  describe('with contexts of another kind, as those of New Relic are', () => {
    class OwnContext implements Context {
      readonly #values: ReadonlyMap<symbol, unknown>;
      constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
        this.#values = values;
      }
      getValue(key: symbol): unknown {
        return this.#values.get(key);
      }
      setValue(key: symbol, value: unknown): Context {
        if (value === undefined) throw new TypeError('no value');
        return new OwnContext(new Map(this.#values).set(key, value));
      }
      deleteValue(key: symbol): Context {
        return new OwnContext(new Map([...this.#values].filter(([own]) => own !== key)));
      }
    }
    class OwnContextManager extends AsyncLocalStorageContextManager {
      override active(): Context {
        const active = super.active();
        return active === ROOT_CONTEXT ? new OwnContext() : active;
      }
    }
    beforeEach(() => {
      context.disable();
      context.setGlobalContextManager(new OwnContextManager());
    });
    const sent: unknown[] = [];
    const client = (): OpenAI =>
      withFetch((url, init) => {
        sent.push(nameOf(), context.active().constructor);
        return fetch(url, init);
      });
    beforeEach(() => void sent.splice(0));

    test('in every attempt', async () => {
      session().simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
      await inSpan('program', () => complete(client()));
      expect(sent).toEqual(['chat gpt-4o', OwnContext, 'chat gpt-4o', OwnContext]);
      assertSpanTree(session().spans, 'program\n└─ chat gpt-4o\n   ├─ attempt  !500\n   └─ attempt');
    });

    test('when the SDK retries while it reads the body, without a span of ours', async () => {
      const slow = { sse: Array.from({ length: 100 }, () => ({ data: 'x' })), eventDelayMs: 100 };
      session().simulator.next({ ...slow, headers: { 'content-type': 'application/json' } });
      await instrumentOpenAI(client(), { apiSpans: 'none' }).get('/unknown', { timeout: 1_000 });
      expect(sent).toEqual([undefined, OwnContext, undefined, OwnContext]);
    });
  });

  test('not in the code after the call', async () => {
    await inSpan('program', async () => {
      await complete(session().client);
      expect(nameOf()).toBe('program');
      for await (const _ of await session().client.chat.completions.create({ ...HELLO, stream: true }))
        expect(nameOf()).toBe('program');
      await session()
        .client.models.list()
        .then(() => expect(nameOf()).toBe('program'));
      session().simulator.next({ status: 400 });
      await complete(session().client).catch(() => expect(nameOf()).toBe('program'));
    });
    expect(nameOf()).toBeUndefined();
  });

  test('not in the handlers of a stream helper', async () => {
    const active = new Set<unknown>();
    await inSpan('program', async () => {
      const stream = session().client.chat.completions.stream({
        model: HELLO.model,
        messages: HELLO.messages,
      });
      stream.on('content', () => active.add(nameOf()));
      await stream.done();
    });
    assertSpanTree(session().spans, 'program\n└─ chat gpt-4o');
    expect(active).toEqual(new Set(['program']));
  });
});

describe('a call', () => {
  test('is below the span that was active when it was made, not when it was awaited', async () => {
    const answer = await inSpan('first', async () => ({ promise: complete(session().client) }));
    await inSpan('second', () => answer.promise);
    assertSpanTree(session().spans, 'first\n└─ chat gpt-4o\n\nsecond');
  });

  test('is below its own caller among many in parallel', async () => {
    await Promise.all(
      ['a', 'b', 'c'].map((name) => inSpan(name, () => complete(session().client, `model-${name}`))),
    );
    assertSpanTree(
      session().spans,
      `
      a
      └─ chat model-a

      b
      └─ chat model-b

      c
      └─ chat model-c
      `,
    );
  });

  test('inside the fetch function of another call is below it, but not one of its attempts', async () => {
    let nested = false;
    const client = withFetch(async (url, init) => {
      if (!nested) {
        nested = true;
        await client.request({ method: 'get', path: '/models' }, 1);
      }
      return fetch(url, init);
    });
    await complete(client);
    assertSpanTree(session().spans, 'chat gpt-4o\n└─ GET /models');
  });

  test('has only its own requests as attempts', async () => {
    let nested = false;
    const client = withFetch(async (url, init) => {
      if (!nested) {
        nested = true;
        await session().plain.models.list();
      }
      return fetch(url, init);
    });
    await complete(client);
    assertSpanTree(session().spans, 'chat gpt-4o');
  });

  test('for each page of a list is beside the previous one', async () => {
    const page = (id: string, more: boolean): object => ({ object: 'list', data: [{ id }], has_more: more });
    session().simulator.next({ body: page('file_1', true) });
    session().simulator.next({ body: page('file_2', false) });
    await inSpan('program', () => Array.fromAsync(session().client.files.list()));
    assertSpanTree(session().spans, 'program\n├─ GET /files\n└─ GET /files');
  });
});

describe('a call with suppressed tracing', () => {
  test('leaves no telemetry, not even metrics', async () => {
    await context.with(suppressTracing(ROOT_CONTEXT), () => complete(session().client));
    expect(session().spans).toEqual([]);
    expect(await session().metrics()).toEqual([]);
  });

  test('inside the fetch function of another call is not one of its attempts', async () => {
    let nested = false;
    const client = withFetch(async (url, init) => {
      if (!nested) {
        nested = true;
        await context.with(suppressTracing(context.active()), () => client.models.list());
      }
      return fetch(url, init);
    });
    await complete(client);
    assertSpanTree(session().spans, 'chat gpt-4o');
  });
});
