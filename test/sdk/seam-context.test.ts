import { type Context, context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import OpenAI from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';
import { HELLO, SLOW_BODY } from '../support/use-session.ts';

function complete(client: OpenAI): Promise<unknown> {
  return client.chat.completions.create(HELLO);
}

function nameOf(active: Context = context.active()): string | undefined {
  return (trace.getSpan(active) as unknown as { name?: string } | undefined)?.name;
}

/** A client that does something of the program's before each request. */
function clientThat({ simulator }: Program, first: () => unknown, Client = OpenAI): OpenAI {
  const fetchIt: typeof fetch = async (url, init) => {
    await first();
    return fetch(url, init);
  };
  const client = new Client({ apiKey: 'k', baseURL: simulator.url, maxRetries: 1, fetch: fetchIt });
  return instrumentOpenAI(client, { cost: false });
}

/** Runs the program with another context manager. */
function useContextManager(manager: AsyncLocalStorageContextManager): void {
  context.disable();
  context.setGlobalContextManager(manager);
  onTestFinished(() => context.disable());
}

const REFUSED = { status: 500, headers: { 'retry-after-ms': '1' } };

describe('the span of a call is active', () => {
  test.each([
    ['when the SDK sends the request, in every attempt', REFUSED],
    ['when the SDK retries while it reads the body', SLOW_BODY],
  ])('%s', async (_, answer) => {
    const program = await startProgram();
    const active: unknown[] = [];
    const client = clientThat(program, () => active.push(nameOf()));
    program.simulator.next(answer);
    await program.inSpan(() => client.chat.completions.create(HELLO, { timeout: 1_000 }));
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
        trace.getTracer('program').startActiveSpan('request', async (span) => {
          try {
            return await super.fetchWithTimeout(...args);
          } finally {
            span.end();
          }
        });
    }

    test.each([
      ['in every attempt', OpenAI, 'chat gpt-4o'],
      ['below a span of a subclass', OwnSpans, 'request'],
    ])('%s', async (_, Client, expected) => {
      const program = await startProgram();
      useContextManager(new CopyingContextManager());
      const active: unknown[] = [];
      const client = clientThat(program, () => active.push(nameOf()), Client);
      program.simulator.next(REFUSED);
      await program.inSpan(() => complete(client));
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

    test('in every attempt', async () => {
      const program = await startProgram();
      useContextManager(new OwnContextManager());
      const sent: unknown[] = [];
      const client = clientThat(program, () => sent.push(nameOf(), context.active().constructor));
      program.simulator.next(REFUSED);
      await program.inSpan(() => complete(client));
      expect(sent).toEqual(['chat gpt-4o', OwnContext, 'chat gpt-4o', OwnContext]);
      await program.expectTree('program\n└─ chat gpt-4o\n   ├─ attempt  !500\n   └─ attempt');
    });

    test('when the SDK retries while it reads the body, without a span of ours', async () => {
      const program = await startProgram();
      useContextManager(new OwnContextManager());
      const sent: unknown[] = [];
      const client = clientThat(program, () => sent.push(nameOf(), context.active().constructor));
      program.simulator.next(SLOW_BODY);
      await instrumentOpenAI(client, { apiSpans: 'none' }).get('/unknown', { timeout: 1_000 });
      expect(sent).toEqual([undefined, OwnContext, undefined, OwnContext]);
    });
  });

  test('not in the code after the call', async () => {
    const { client, inSpan, simulator } = await startProgram();
    await inSpan(async () => {
      await complete(client);
      expect(nameOf()).toBe('program');
      await client.models.list().then(() => expect(nameOf()).toBe('program'));
      simulator.next({ status: 400 });
      await complete(client).catch(() => expect(nameOf()).toBe('program'));
    });
    expect(nameOf()).toBeUndefined();
  });

  test('not in the handlers of a stream helper', async () => {
    const program = await startProgram();
    const active = new Set<unknown>();
    await program.inSpan(async () => {
      const { model, messages } = HELLO;
      const stream = program.client.chat.completions.stream({ model, messages });
      stream.on('content', () => active.add(nameOf()));
      await stream.done();
    });
    await program.expectTree('program\n└─ chat gpt-4o');
    expect(active).toEqual(new Set(['program']));
  });
});

describe('a call that the fetch function of another one makes', () => {
  test.each<[string, (client: OpenAI, program: Program) => Promise<unknown>, tree: string]>([
    [
      'is below that, but not one of its attempts',
      (client) => client.request({ method: 'get', path: '/models' }, 1),
      'chat gpt-4o\n└─ GET /models',
    ],
    ['is no attempt of it if nobody observes it', (_, { plain }) => plain.models.list(), 'chat gpt-4o'],
    [
      'is no attempt of it if tracing is suppressed',
      (client) => context.with(suppressTracing(context.active()), () => client.models.list()),
      'chat gpt-4o',
    ],
  ])('%s', async (_, call, tree) => {
    const program = await startProgram();
    let isNested = false;
    const client = clientThat(program, async () => {
      if (isNested) return;
      isNested = true;
      await call(client, program);
    });
    await complete(client);
    await program.expectTree(tree);
  });
});

test('a call for each page of a list is beside the previous one', async () => {
  const program = await startProgram();
  const page = (id: string, more: boolean): object => ({ object: 'list', data: [{ id }], has_more: more });
  program.simulator.next({ body: page('file_1', true) });
  program.simulator.next({ body: page('file_2', false) });
  await program.inSpan(() => Array.fromAsync(program.client.files.list()));
  await program.expectTree('program\n├─ GET /files\n└─ GET /files');
});
