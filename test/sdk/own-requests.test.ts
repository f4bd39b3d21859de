import OpenAI from 'openai';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readWithClient } from '../../src/sdk/own-requests.ts';
import { useSession } from '../support/use-session.ts';

const session = useSession({ client: { maxRetries: 2 } });

test('a background read uses the client of the program and leaves no telemetry', async () => {
  session().simulator.next({ body: { data: [1] } });
  const result = await readWithClient(
    session().client,
    '/threads/t/runs/r/steps',
    { limit: 100 },
    'assistants=v2',
  );
  expect(result).toEqual({ data: [1] });
  expect(session().simulator.requests).toMatchObject([
    {
      method: 'GET',
      path: '/v1/threads/t/runs/r/steps?limit=100',
      headers: { authorization: 'Bearer sk-secret', 'openai-beta': 'assistants=v2' },
    },
  ]);
  expect(session().spans).toEqual([]);
});

test('a background read ends with its signal, even if the `fetch` of the program ignores that', async () => {
  const client = new OpenAI({ apiKey: 'test', fetch: () => new Promise<Response>(() => {}) });
  const controller = new AbortController();
  const read = readWithClient(client, '/models', {}, undefined, controller);
  controller.abort(new Error('over'));
  await expect(read).rejects.toThrow('over');
});

test('a background read is not retried', async () => {
  session().simulator.next({ status: 500 });
  await expect(readWithClient(session().client, '/models', {}, 'assistants=v2')).rejects.toThrow('500');
  expect(session().simulator.requests).toHaveLength(1);
});

test('a background read fails for an object that is not a client', async () => {
  await expect(readWithClient({}, '/models', {}, 'assistants=v2')).rejects.toThrow(TypeError);
});

test('a background read keeps no timer, and so no request of the program, once it is answered', async () => {
  const { setTimeout, clearTimeout } = globalThis;
  onTestFinished(() => void Object.assign(globalThis, { setTimeout, clearTimeout }));
  const open = new Set<unknown>();
  let started = 0;
  const start = (run: () => void, milliseconds: number): unknown => {
    const timer = setTimeout(run, milliseconds);
    if (milliseconds !== 5_000) return timer;
    open.add(timer);
    started++;
    return timer;
  };
  const clear = (timer: NodeJS.Timeout): void => {
    open.delete(timer);
    clearTimeout(timer);
  };
  Object.assign(globalThis, { setTimeout: start, clearTimeout: clear });
  // The package keeps the timers that it finds when it is loaded.
  vi.resetModules();
  const { readWithClient: read } = await import('../../src/sdk/own-requests.ts');
  await read(session().client, '/models', {}, undefined);
  // Ours, and that of the SDK.
  expect(started).toBe(2);
  expect([...open]).toEqual([]);
});
