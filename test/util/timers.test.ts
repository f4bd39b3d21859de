import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => {
  trace.disable();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetModules();
});

const RUN = { id: 'run_1', object: 'thread.run', thread_id: 'thread_1', assistant_id: 'asst_1' };
const ANSWERS: Readonly<Record<string, object>> = {
  '/v1/chat/completions': { id: 'chatcmpl-1', model: 'gpt-4o', choices: [] },
  '/v1/responses': { id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-4o', output: [] },
  '/v1/threads/thread_1/runs': { ...RUN, status: 'in_progress' },
};

const CALLS: readonly [string, (client: OpenAI) => Promise<unknown>][] = [
  ['a completion', ({ chat }) => chat.completions.create({ model: 'gpt-4o', messages: [] })],
  ['a response', ({ responses }) => responses.create({ model: 'gpt-4o', input: 'Hello' })],
  ['a run', ({ beta }) => beta.threads.runs.create('thread_1', { assistant_id: 'asst_1' })],
];

async function startClient(): Promise<OpenAI> {
  const { instrumentOpenAI } = await import('../../src/client.ts');
  // An exporter has timers of its own.
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [] }));
  const fetch = async (url: string | URL | Request): Promise<Response> =>
    Response.json(ANSWERS[new URL(String(url)).pathname]);
  return instrumentOpenAI(new OpenAI({ apiKey: 'test', fetch, maxRetries: 0 }), { cost: true });
}

/** Jest's legacy fake timers are mock functions without a clock. */
function stubTimersAsMocks(): ReadonlySet<number> {
  const pending = new Set<number>();
  let last = 0;
  const start = (): number => {
    last += 1;
    pending.add(last);
    return last;
  };
  const stop = (timer: number): boolean => pending.delete(timer);
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) vi.stubGlobal(name, vi.fn(start));
  for (const name of ['clearTimeout', 'clearInterval']) vi.stubGlobal(name, vi.fn(stop));
  return pending;
}

describe.each(CALLS)('after %s, none of our timers is found by a program', (_, call) => {
  test.each(['before', 'after'])('that installs fake timers %s the package is loaded', async (when) => {
    if (when === 'before') vi.useFakeTimers();
    const client = await startClient();
    if (when === 'after') vi.useFakeTimers();
    const start = Date.now();
    await call(client);
    expect(vi.getTimerCount()).toBe(0);
    vi.runAllTimers();
    expect(Date.now()).toBe(start);
  });

  test('that loads the package under mocked timers', async () => {
    const pending = stubTimersAsMocks();
    await call(await startClient());
    expect(pending).toEqual(new Set());
  });
});

test('a timer that starts in a request neither inherits its context nor keeps the process alive', async () => {
  const { startOutside } = await import('../../src/util/timers.ts');
  const requests = new AsyncLocalStorage<string>();
  const seen = await new Promise((done) => {
    requests.run('a request', () => {
      const timer = startOutside(() => setTimeout(() => done(requests.getStore()), 1));
      expect(timer.hasRef()).toBe(false);
      timer.ref();
    });
  });
  expect(seen).toBeUndefined();
});

test('loading it leaves nothing that looks like an open handle', async () => {
  const open: string[] = [];
  // As Jest does with --detectOpenHandles.
  const init = (_: number, type: string, __: number, resource: { hasRef?(): boolean }): void => {
    if (/^(?:bound-|opentelemetry)/.test(type) && resource.hasRef?.() !== false) open.push(type);
  };
  const hook = createHook({ init }).enable();
  await import('../../src/util/timers.ts');
  hook.disable();
  expect(open).toEqual([]);
});
