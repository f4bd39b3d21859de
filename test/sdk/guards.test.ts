import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Call, type CallObserver } from '../../src/sdk/call.ts';
import { Seam } from '../../src/sdk/seam.ts';
import { suppressed } from '../../src/util/context.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';

const KEY = createContextKey('test');

/** Remembers its calls and how they ended. */
class Listener implements CallObserver {
  readonly calls: Call[] = [];
  readonly outcomes: unknown[] = [];

  start(call: Call): ReturnType<CallObserver['start']> {
    this.calls.push(call);
    return { context: call.context, settle: ({ outcome }) => void this.outcomes.push(outcome) };
  }
}

beforeEach(() => {
  context.disable();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
});

interface Answer {
  readonly responsePromise: Promise<unknown>;
  parseResponse?(props: unknown): Promise<unknown>;
}

/** A client as a subclass or another package may have made it, answering with whatever it likes. */
function newClient(answer: (props: Promise<unknown>) => unknown, observer: CallObserver) {
  class Client {
    request(options: object): Answer {
      return answer(this.makeRequest(options)) as Answer;
    }
    async makeRequest(_: object): Promise<unknown> {
      return { response: { status: 200 } };
    }
    withOptions(): unknown {
      return undefined;
    }
  }
  const client = new Client();
  Seam.of(Client.prototype).observeClient(client, observer);
  return client;
}

/** What a program does with a call: it asks for the result. */
async function resultOf(answer: Partial<Answer> | undefined): Promise<unknown> {
  return answer?.parseResponse?.(await answer.responsePromise);
}

const STREAM = Object.freeze({ iterator: () => [].values(), controller: {} });

describe('a client with unexpected internals works unchanged', () => {
  test.each<[string, (props: Promise<unknown>) => unknown, unknown]>([
    [
      'its promises are frozen',
      (responsePromise) => Object.freeze({ responsePromise, parseResponse: async () => 'value' }),
      'value',
    ],
    [
      'its streams are frozen',
      (responsePromise) => ({ responsePromise, parseResponse: async () => STREAM }),
      STREAM,
    ],
    ['its calls return nothing', () => undefined, undefined],
  ])('if %s', async (_, answer, result) => {
    expect(await resultOf(newClient(answer, new Listener()).request({}))).toBe(result);
  });

  test('if its promises have no raw response, and is observed', async () => {
    const listener = new Listener();
    const client = newClient(
      (responsePromise) => ({ responsePromise, parseResponse: async () => 'value' }),
      listener,
    );
    expect(await resultOf(client.request({}))).toBe('value');
    expect(listener.outcomes).toEqual(['value']);
  });

  test('if the platform has no clock', async () => {
    const listener = new Listener();
    const client = newClient((responsePromise) => ({ responsePromise }), listener);
    vi.stubGlobal('performance', {});
    const { responsePromise } = client.request({});
    vi.unstubAllGlobals();
    expect(await responsePromise).toEqual({ response: { status: 200 } });
    expect(listener.calls).toEqual([]);
  });

  test('if the response of its own fetch throws when it is first read', async () => {
    let reads = 0;
    const fetch = async (): Promise<Response> =>
      new Proxy(Response.json({ id: 'chatcmpl_1' }), {
        get(response, name) {
          if (name === 'status' && reads++ === 0) throw new Error('not yet');
          const value: unknown = Reflect.get(response, name);
          return typeof value === 'function' ? value.bind(response) : value;
        },
      });
    const client = new OpenAI({ apiKey: 'test', maxRetries: 0, fetch });
    Seam.of(OpenAI.prototype).observeClient(client, new Listener());
    const { id } = await client.chat.completions.create({ model: 'gpt-4o', messages: [] });
    expect(id).toBe('chatcmpl_1');
    expect(reads).toBeGreaterThan(1);
  });

  test('if it returns one promise for several requests', async () => {
    const given = { parseResponse: async () => 'value' };
    const client = newClient(() => given, new Listener());
    for (let made = 0; made < 20_000; made++) client.request({});
    expect(await given.parseResponse()).toBe('value');
  });

  test('if its withOptions() does not return a client', () => {
    expect(newClient(() => undefined, new Listener()).withOptions()).toBeUndefined();
  });

  test('if one of its methods cannot be replaced, and is observed by the others', async () => {
    class Client {
      request(options: object): unknown {
        return this.makeRequest(options);
      }
      async makeRequest(_: object): Promise<unknown> {
        throw new Error('no answer');
      }
    }
    Object.defineProperty(Client.prototype, 'requestAPIList', { value: () => 'list' });
    const listener = new Listener();
    Seam.of(Client.prototype).addDefault(listener);
    await expect(new Client().request({ method: 'get', path: '/models' })).rejects.toThrow('no answer');
    expect(listener.outcomes).toEqual(['error']);
  });
});

test('a finished call is parsed in the context of its reader', async () => {
  const listener = new Listener();
  let active: unknown;
  const client = newClient(
    (responsePromise) => ({
      responsePromise,
      parseResponse: async () => {
        active = context.active().getValue(KEY);
      },
    }),
    listener,
  );
  const { responsePromise, parseResponse } = client.request({});
  const props = await responsePromise;
  listener.calls[0]?.apply('interrupted');
  await context.with(ROOT_CONTEXT.setValue(KEY, 'program'), async () => parseResponse?.(props));
  expect(active).toBe('program');
});

test('a request with unreadable headers is a request', () => {
  const listener = new Listener();
  const call = new Call({}, listener, ROOT_CONTEXT);
  const get = (): never => {
    throw new Error('no headers');
  };
  call.begin({ method: 'get', path: '/models', headers: { get } });
  expect(listener.calls).toEqual([call]);
});

describe('a client of openai', () => {
  let simulator: Simulator;
  let listener: Listener;
  beforeEach(async () => {
    simulator = await startSimulator();
    listener = new Listener();
  });
  afterEach(() => simulator.close());
  const connect = (options: object = {}): OpenAI =>
    new OpenAI({ apiKey: 'k', baseURL: simulator.url, maxRetries: 1, ...options });
  const failOnce = (): void => simulator.next({ status: 500, headers: { 'retry-after-ms': '1' }, body: {} });

  test('is no longer observed after an observer that was added twice is removed', async () => {
    const seam = Seam.of(OpenAI.prototype);
    seam.addDefault(listener);
    seam.addDefault(listener);
    seam.removeDefault(listener);
    await connect().models.list();
    expect(listener.calls).toEqual([]);
  });

  test('makes its calls if an observer fails to prepare', async () => {
    const client = connect();
    const prepare = (): never => {
      throw new Error('not ready');
    };
    Seam.of(OpenAI.prototype).observeClient(client, { prepare, start: () => undefined });
    expect((await client.models.list()).data).toEqual([]);
  });

  test('is retried after its call was interrupted, and the call gets no more attempts', async () => {
    const send: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      listener.calls[0]?.apply('interrupted');
      return response;
    };
    const client = connect({ fetch: send });
    Seam.of(OpenAI.prototype).observeClient(client, listener);
    failOnce();
    expect((await client.models.list()).data).toEqual([]);
    expect(simulator.requests).toHaveLength(2);
    expect(listener.calls[0]?.attemptCount).toBe(1);
  });

  test('may call another client before it sends, and that request is not its own', async () => {
    type Requests = { makeRequest(...args: unknown[]): Promise<unknown> };
    const other = connect();
    class Own extends OpenAI {}
    (Own.prototype as unknown as Requests).makeRequest = async function (...args) {
      await other.models.list();
      return (OpenAI.prototype as unknown as Requests).makeRequest.apply(this, args);
    };
    const client = new Own({ apiKey: 'k', baseURL: simulator.url });
    Seam.of(OpenAI.prototype).observeClient(client, listener);
    await client.models.retrieve('m');
    expect(listener.calls.map(({ path }) => path)).toEqual(['/models/m']);
    expect(listener.outcomes).toEqual(['value']);
  });

  test('that is not observed, beside one that is, retries in the context of the program', async () => {
    Seam.of(OpenAI.prototype).observeClient(connect(), listener);
    const seen: unknown[] = [];
    const send: typeof fetch = (...request) => {
      seen.push(context.active());
      return fetch(...request);
    };
    const own = ROOT_CONTEXT.setValue(KEY, 'program');
    failOnce();
    const page = await context.with(own, async () => connect({ fetch: send }).models.list());
    expect(page.data).toEqual([]);
    expect(listener.calls).toEqual([]);
    expect(seen.map((active) => active === own)).toEqual([true, true]);
  });
});

test('the functions of a suppressed helper run unobserved', () => {
  class Completions {
    readonly _client = {};
    runTools({ tools }: { tools: { function: { function: () => string } }[] }): unknown {
      return tools.map((tool) => tool.function.function());
    }
  }
  class Client {
    static readonly Chat = { Completions };
    request(): void {}
    makeRequest(): void {}
  }
  const ran: string[] = [];
  const runTool: CallObserver['runTool'] = ({ name, run }) => {
    ran.push(name);
    return run();
  };
  const seam = Seam.of(Client.prototype);
  seam.addDefault({ start: () => undefined, runTool });
  seam.watchResources(Client);
  const completions = new Completions();
  const ask = (name: string): unknown =>
    completions.runTools({ tools: [{ function: Object.assign({ name }, { function: () => 'done' }) }] });
  expect(ask('observed')).toEqual(['done']);
  expect(context.with(suppressed(context.active()), () => ask('suppressed'))).toEqual(['done']);
  expect(ran).toEqual(['observed']);
});
