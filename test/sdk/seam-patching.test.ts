import { createRequire } from 'node:module';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Call, CallObservation, CallObserver } from '../../src/sdk/call.ts';
import { Seam } from '../../src/sdk/seam.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';

const METHODS = [
  'request',
  'requestAPIList',
  'makeRequest',
  'fetchWithTimeout',
  'parseResponseWithTimeout',
  'withOptions',
];

let simulator: Simulator;
let client: OpenAI;
beforeEach(async () => {
  simulator = await startSimulator();
  client = new OpenAI({ apiKey: 'k', baseURL: simulator.url, maxRetries: 0 });
});
afterEach(() => simulator.close());

/** Remembers the calls it was told of, and how they ended. */
class Listener implements CallObserver {
  readonly calls: string[] = [];

  start(call: Call): CallObservation {
    return {
      context: call.context,
      settle: ({ method, path, outcome }) => void this.calls.push(`${method} ${path}: ${outcome}`),
    };
  }
}

function descriptors(target: object = OpenAI.prototype): unknown[] {
  return METHODS.map((name) => Object.getOwnPropertyDescriptor(target, name));
}

const seam = (): Seam => Seam.of(OpenAI.prototype);

describe('the methods of the client', () => {
  test('are restored when the last observer is removed', async () => {
    const before = [...descriptors(), Reflect.ownKeys(OpenAI.prototype)];
    const asResponse = Object.getOwnPropertyDescriptor(promisePrototype(), 'asResponse');
    const [one, other] = [new Listener(), new Listener()];
    seam().addDefault(one);
    seam().addDefault(other);
    await client.models.list();
    expect(Object.getOwnPropertyDescriptor(promisePrototype(), 'asResponse')).not.toEqual(asResponse);
    seam().removeDefault(one);
    expect(descriptors()).not.toEqual(before.slice(0, -1));
    seam().removeDefault(other);
    expect([...descriptors(), Reflect.ownKeys(OpenAI.prototype)]).toEqual(before);
    expect(Object.getOwnPropertyDescriptor(promisePrototype(), 'asResponse')).toEqual(asResponse);
  });

  test.each(['request', 'requestAPIList', 'makeRequest', 'fetchWithTimeout'] as const)(
    'stay if another package has wrapped %s since, and work for the next observer',
    async (name) => {
      const prototype = OpenAI.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
      const original = prototype[name];
      const first = new Listener();
      seam().addDefault(first);
      const ours = prototype[name];
      let passed = 0;
      prototype[name] = function (...args) {
        passed++;
        return ours?.apply(this, args);
      };
      seam().removeDefault(first);
      await client.models.list();
      await client.models.retrieve('m');
      expect(first.calls).toEqual([]);
      expect(passed).toBeGreaterThan(0);

      const second = new Listener();
      seam().addDefault(second);
      await client.models.list();
      await client.models.retrieve('m').asResponse();
      expect(second.calls).toEqual(['GET /models: value', 'GET /models/m: raw']);

      if (ours !== undefined) prototype[name] = ours;
      seam().removeDefault(second);
      expect(prototype[name]).toBe(original);
    },
  );
});

test('a method that a test has mocked stays a mock, and its calls are observed', async () => {
  const prototype = OpenAI.prototype as unknown as { request(...args: unknown[]): Promise<unknown> };
  const mock = vi.spyOn(prototype, 'request');
  const listener = new Listener();
  seam().addDefault(listener);
  onTestFinished(() => {
    seam().removeDefault(listener);
    mock.mockRestore();
  });
  expect(prototype.request).not.toBe(mock);
  expect(vi.isMockFunction(prototype.request)).toBe(true);
  vi.mocked(prototype.request).mockResolvedValueOnce('mocked');
  expect(await client.post('/models')).toBe('mocked');
  await client.models.retrieve('m');
  expect(prototype.request).toHaveBeenCalledTimes(2);
  expect(listener.calls).toEqual(['GET /models/m: value']);
});

test('a call is observed by the newest observer of all clients', async () => {
  const [older, newer] = [new Listener(), new Listener()];
  seam().addDefault(older);
  seam().addDefault(newer);
  await client.models.list();
  seam().removeDefault(newer);
  await client.models.list();
  seam().removeDefault(older);
  expect([older.calls.length, newer.calls.length]).toEqual([1, 1]);
});

test('a client keeps the observer of its own when that of all clients leaves', async () => {
  const [own, all] = [new Listener(), new Listener()];
  seam().observeClient(client, own);
  seam().addDefault(all);
  await client.models.list();
  seam().removeDefault(all);
  await client.models.list();
  expect([own.calls.length, all.calls.length]).toEqual([2, 0]);
});

describe('a call succeeds if its observation fails', () => {
  test.each<[string, CallObserver]>([
    ['when it starts', { start: () => broken() }],
    ['at a chunk', { start: ({ context }) => ({ context, chunk: broken, settle: () => undefined }) }],
    ['when it ends', { start: ({ context }) => ({ context, settle: broken }) }],
    ['because nobody wants it', { start: () => undefined }],
  ])('%s', async (_, observer) => {
    seam().observeClient(client, observer);
    const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true });
    expect(await Array.fromAsync(stream)).toHaveLength(7);
    expect((await client.models.list()).data).toEqual([]);
    simulator.next({ status: 400 });
    await expect(client.models.list()).rejects.toThrow(OpenAI.BadRequestError);
  });
});

function broken(): never {
  throw new Error('broken');
}

/** Whose `asResponse` every promise of the SDK has. */
function promisePrototype(): object {
  let holder: object = Object.getPrototypeOf(
    new OpenAI({
      apiKey: 'k',
      baseURL: 'http://127.0.0.1:9',
      maxRetries: 0,
      fetch: async () => new Response('{}'),
    }).models.list(),
  );
  while (!Object.hasOwn(holder, 'asResponse')) holder = Object.getPrototypeOf(holder);
  return holder;
}

test("OpenTelemetry's own instrumentation is on again when nobody observes the client any more", () => {
  class OpenAIInstrumentation {
    isEnabled(): boolean {
      return true;
    }
  }
  const file = '/app/node_modules/@opentelemetry/instrumentation-openai/dist/index.cjs';
  const { cache } = createRequire(process.execPath);
  cache[file] = { exports: { OpenAIInstrumentation } } as unknown as NodeJS.Module;
  onTestFinished(() => void delete cache[file]);
  const theirs = new OpenAIInstrumentation();
  const seen: boolean[] = [];
  class Client {
    request(): void {}
    makeRequest(): void {}
  }
  const ofClients = Seam.of(Client.prototype);
  const listener = new Listener();
  ofClients.addDefault(listener);
  seen.push(theirs.isEnabled());
  ofClients.removeDefault(listener);
  expect([...seen, theirs.isEnabled()]).toEqual([false, true]);
});
