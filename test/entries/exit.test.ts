import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { FULL_LANES } from './lanes.ts';
import { type Ended, runChild } from './support/child.ts';
import { programText, REGISTER } from './support/programs.ts';
import { useReceiver } from './support/receiver.ts';

/** Keeps the process alive until something ends it. */
const STAY = `setInterval(() => {}, 1_000_000); console.log('ready');`;

/** How each program ends without us, whatever the lane brings. */
const withoutUs = new Map<string, Promise<Ended>>();

describe.each(FULL_LANES)('$name: a program with …/register ends as it does without it', ({ name: lane }) => {
  const simulator = useSimulator();
  const receiver = useReceiver();

  /** The same program without and with us; what it was sent counts for the second. */
  async function runBoth(
    body: string,
    options: { signals?: readonly NodeJS.Signals[]; beginning?: string; env?: Record<string, string> } = {},
  ): Promise<{ without: Ended; with: Ended; spans: readonly string[] }> {
    const { beginning = '', signals = [], env = {} } = options;
    const { httpUrl, spans } = receiver();
    const program = {
      lane,
      format: 'mjs',
      text: programText('mjs', body, { beginning }),
      signals,
      env: { BASE_URL: simulator().url, OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl, ...env },
    } as const;
    const key = JSON.stringify([program.text, signals]);
    const without = withoutUs.get(key) ?? runChild(program);
    withoutUs.set(key, without);
    return { without: await without, with: await runChild({ ...program, parameters: REGISTER.mjs }), spans };
  }

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('by %s, and sends what is recorded', async (signal) => {
    const ended = await runBoth(`await ask(); ${STAY}`, { signals: [signal] });
    expect(ended.without).toEqual({ code: null, signal, stdout: 'ready\n', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect(ended.spans).toEqual(['chat gpt-4o']);
  });

  test('by a signal that arrives twice at once, as with node --watch, and sends what is recorded', async () => {
    const ended = await runBoth(`
      await ask();
      setInterval(() => {}, 1_000_000);
      const press = (times) => {
        process.kill(process.pid, 'SIGINT');
        if (times > 1) setImmediate(press, times - 1);
      };
      press(2);
    `);
    expect(ended.without).toEqual({ code: null, signal: 'SIGINT', stdout: '', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect(ended.spans).toEqual(['chat gpt-4o']);
  });

  test('by a signal that arrives while synchronous code runs, when that returns', async () => {
    const { spans, ...ended } = await runBoth(`
      await ask();
      process.kill(process.pid, 'SIGTERM');
      console.log('done');
    `);
    expect(ended.without).toEqual({ code: null, signal: 'SIGTERM', stdout: '', stderr: '' });
    expect(ended.with).toEqual({ ...ended.without, stdout: 'done\n' });
    expect(spans).toEqual(['chat gpt-4o']);
  });

  test.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
    ['SIGHUP', 'SIGTERM'],
  ] as const)('while the flush after %s waits for the receiver, by %s', async (...signals) => {
    const silent = createServer(() => undefined);
    await new Promise<void>((done) => void silent.listen(0, '127.0.0.1', done));
    onTestFinished(() => void silent.close().closeAllConnections());
    const { port } = silent.address() as AddressInfo;
    const { without, ...ended } = await runBoth(
      `
        await ask();
        setInterval(() => {}, 1_000_000);
        console.log('ready');
        setTimeout(() => console.log('ready'), 300);
      `,
      {
        signals,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      },
    );
    expect(without.signal).toBe(signals[0]);
    // A flush that ran to its end would report that nobody answered.
    expect(ended.with).toEqual({ code: null, signal: signals[1], stdout: 'ready\nready\n', stderr: '' });
  });

  test('by a signal that it handles itself, and sends what is recorded meanwhile', async () => {
    const ended = await runBoth(
      `
        process.on('SIGTERM', async () => {
          console.log('cleaning up');
          await ask('last');
          clearInterval(staying);
          process.exitCode = 7;
        });
        await ask('first');
        const staying = setInterval(() => {}, 1_000_000);
        console.log('ready');
      `,
      { signals: ['SIGTERM'] },
    );
    expect(ended.without).toEqual({ code: 7, signal: null, stdout: 'ready\ncleaning up\n', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect([...ended.spans].sort()).toEqual(['chat first', 'chat last']);
  });

  test('and a signal that it survives flushes without stopping the recording', async () => {
    const ended = await runBoth(
      `
        let reloads = 0;
        process.on('SIGHUP', async () => {
          await ask('reload-' + ++reloads);
          if (reloads === 2) clearInterval(staying);
          else console.log('ready');
        });
        const staying = setInterval(() => {}, 1_000_000);
        await ask('first');
        console.log('ready');
      `,
      { signals: ['SIGHUP', 'SIGHUP'] },
    );
    expect(ended.without).toEqual({ code: 0, signal: null, stdout: 'ready\nready\n', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect([...ended.spans].sort()).toEqual(['chat first', 'chat reload-1', 'chat reload-2']);
  });

  test.each([
    ['signal-exit', `const { onExit } = await load('signal-exit');`],
    ['signal-exit-3', `const { default: onExit } = await load('signal-exit-3');`],
  ])('by a signal beside %s, which leaves it to other listeners', async (_, beginning) => {
    const body = `onExit((code, signal) => console.log('cleaning up', code, signal)); await ask(); ${STAY}`;
    const ended = await runBoth(body, { beginning, signals: ['SIGTERM'] });
    expect(ended.without).toEqual({
      code: null,
      signal: 'SIGTERM',
      stdout: 'ready\ncleaning up null SIGTERM\n',
      stderr: '',
    });
    expect(ended.with).toEqual(ended.without);
    expect(ended.spans).toEqual(['chat gpt-4o']);
  });

  test('by a signal that it sends itself again, as NestJS does, and sends what is recorded until then', async () => {
    const ended = await runBoth(
      `
        process.once('SIGTERM', async (signal) => {
          process.kill(process.pid, 0);
          await ask('last');
          process.kill(process.pid, signal);
        });
        await ask('first');
        ${STAY}
      `,
      { signals: ['SIGTERM'] },
    );
    expect(ended.without).toEqual({ code: null, signal: 'SIGTERM', stdout: 'ready\n', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect([...ended.spans].sort()).toEqual(['chat first', 'chat last']);
  });

  test('by a signal that it sends itself again, whatever exit code it asks for after that', async () => {
    const ended = await runBoth(
      `
        process.once('SIGTERM', async (signal) => {
          process.kill(process.pid, signal);
          await undefined;
          process.exit(7);
        });
        await ask();
        ${STAY}
      `,
      { signals: ['SIGTERM'] },
    );
    expect(ended.without).toEqual({ code: null, signal: 'SIGTERM', stdout: 'ready\n', stderr: '' });
    expect(ended.with).toEqual(ended.without);
  });

  test('and a signal that it sends itself while it listens reaches its listener', async () => {
    const { spans: _, ...ended } = await runBoth(
      `
        let signals = 0;
        process.on('SIGHUP', (signal) => {
          console.log('signal', ++signals);
          if (signals < 3) process.kill(process.pid, signal);
          else clearInterval(staying);
        });
        const staying = setInterval(() => {}, 1_000_000);
        await ask();
        console.log('ready');
      `,
      { signals: ['SIGHUP'] },
    );
    const stdout = 'ready\nsignal 1\nsignal 2\nsignal 3\n';
    expect(ended.without).toEqual({ code: 0, signal: null, stdout, stderr: '' });
    expect(ended.with).toEqual(ended.without);
  });

  test('with the exit code that it set, and sends what is recorded', async () => {
    const ended = await runBoth(`process.exitCode = 4; await ask();`);
    expect(ended.without).toEqual({ code: 4, signal: null, stdout: '', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect(ended.spans).toEqual(['chat gpt-4o']);
  });

  test('with an open conversation, whose span is ended and sent', async () => {
    const ended = await runBoth(`
      const thread = await client.beta.threads.create();
      const assistant = await client.beta.assistants.create({ model: 'gpt-4o', name: 'Tutor' });
      await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
    `);
    expect(ended.with).toEqual(ended.without);
    expect([...ended.spans].sort()).toEqual([
      'POST /threads',
      'create_agent Tutor',
      'invoke_agent Tutor',
      'thread',
    ]);
  });

  test.each([
    ['by itself, and asks how a run ended that only another process has polled', '', ['chat gpt-4o']],
    ['by process.exit(), and asks nothing', 'process.exit();', []],
    ['by a signal, and asks nothing', `process.kill(process.pid, 'SIGTERM'); ${STAY}`, []],
  ])('%s', async (_, end, steps) => {
    const before = simulator().requests.length;
    const ended = await runBoth(
      `
        const thread = await client.beta.threads.create();
        const assistant = await client.beta.assistants.create({ model: 'gpt-4o', name: 'Tutor' });
        const { id } = await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
        const url = process.env.BASE_URL + '/threads/' + thread.id + '/runs/' + id;
        for (let status; status !== 'completed'; )
          ({ status } = await (await fetch(url, { headers: { 'x-another': 'process' } })).json());
        ${end}
      `,
    );
    expect(ended.with.code).toBe(ended.without.code);
    expect(ended.spans.filter((name) => name.startsWith('chat'))).toEqual(steps);
    const asks = simulator()
      .requests.slice(before)
      .filter(({ path, headers }) => /runs\/run_\w+$/.test(path) && headers['x-another'] === undefined);
    expect(asks).toHaveLength(steps.length);
  });

  test.each([
    ['waits for its own flush and then counts other listeners', 'process.on'],
    ['is prepended before all others', 'process.prependListener'],
  ])('by a signal beside a listener that %s', async (_, add) => {
    const ended = await runBoth(
      `
        await ask();
        ${add}('SIGTERM', async function last() {
          const alone = () => process.listeners('SIGTERM').every((listener) => listener === last);
          if (${add === 'process.on'}) await new Promise((resolve) => setTimeout(resolve, 1_000));
          if (!alone()) return console.log('somebody else listens');
          process.removeListener('SIGTERM', last);
          process.kill(process.pid, 'SIGTERM');
        });
        ${STAY}
      `,
      { signals: ['SIGTERM'] },
    );
    expect(ended.without).toEqual({ code: null, signal: 'SIGTERM', stdout: 'ready\n', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    if (add === 'process.on') expect(ended.spans).toEqual(['chat gpt-4o']);
  });

  test('and reports once that the endpoint refuses connections, without waiting for retries', async () => {
    const refused = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:secret@127.0.0.1:1', NO_COLOR: '1' };
    const ended = await runBoth(
      `
        await ask();
        const { performance } = await load('node:perf_hooks');
        const asked = performance.now();
        process.on('exit', () => console.log(performance.now() - asked < 900 ? 'at once' : 'after a retry'));
      `,
      { env: refused },
    );
    expect(ended.with.stderr).toBe(
      'opentelemetry-instrumentation-openai: could not send traces to http://127.0.0.1:1/v1/traces (ECONNREFUSED). ' +
        'Is a collector running? OTEL_EXPORTER_OTLP_ENDPOINT sets its address; ' +
        'OTEL_TRACES_EXPORTER=console prints traces here instead.\n',
    );
    expect(ended.with).toMatchObject({ code: 0, stdout: 'at once\n' });
  });

  test('by process.exit(), and reports how many spans were lost', async () => {
    const ended = await runBoth(`await ask(); await ask(); process.exit(5);`);
    expect(ended.without).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
    expect(ended.with).toEqual({
      ...ended.without,
      stderr:
        'opentelemetry-instrumentation-openai: 2 spans were lost because the program ended before the next export. ' +
        'Before process.exit(), let what is in progress end, then await flush() of opentelemetry-instrumentation-openai/client.\n',
    });
    expect(ended.spans).toEqual([]);
  });

  test('by process.exit() after flush(), which sends the spans and their conversation', async () => {
    const ended = await runBoth(
      `
        const { flush } = await load('opentelemetry-instrumentation-openai/client');
        const thread = await client.beta.threads.create();
        await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'Hi' });
        await flush();
        process.exit(5);
      `,
    );
    expect(ended.with).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
    expect([...ended.spans].sort()).toEqual([
      'POST /threads',
      'POST /threads/{thread_id}/messages',
      'thread',
    ]);
  });

  test('by process.exit() at once, and prints the tree', async () => {
    const ended = await runBoth(`await ask(); process.exit(5);`, {
      env: { OTEL_TRACES_EXPORTER: 'console' },
    });
    expect(ended.without).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
    expect(ended.with).toMatchObject({ code: 5, signal: null, stdout: '' });
    expect(ended.with.stderr).toContain('chat gpt-4o');
  });

  test.each([
    ['an uncaught error', `throw new Error('Nobody catches this');`],
    ['an unhandled rejection', `Promise.reject(new Error('Nobody catches this')); ${STAY}`],
  ])('by %s, and prints the tree', async (_, failure) => {
    const ended = await runBoth(`await ask(); ${failure}`, { env: { OTEL_TRACES_EXPORTER: 'console' } });
    expect(ended.without).toMatchObject({ code: 1, signal: null });
    expect(ended.with).toMatchObject({ code: 1, signal: null, stdout: ended.without.stdout });
    expect(ended.with.stderr).toContain('Error: Nobody catches this');
    expect(ended.with.stderr).toContain('chat gpt-4o');
  });
});

/** As the README sets it up: nothing shuts it down. */
const OWN_SDK = `
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  const { OpenAIInstrumentation } = await load('opentelemetry-instrumentation-openai');
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;

describe.each(FULL_LANES)('$name: a program with a NodeSDK that is never shut down', ({ name: lane }) => {
  const simulator = useSimulator();
  const receiver = useReceiver();
  const run = (body: string, env: Record<string, string> = {}) =>
    runChild({
      lane,
      format: 'mjs',
      text: programText('mjs', body, { beginning: OWN_SDK }),
      env: { BASE_URL: simulator().url, ...env },
    });
  const CONVERSATION = `
    const thread = await client.beta.threads.create();
    await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'Hi' });
  `;

  test('sends everything when it ends by itself, including the open conversation', async () => {
    const { httpUrl, spans, metrics } = receiver();
    const ended = await run(`${CONVERSATION} await ask();`, { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect([...spans].sort()).toEqual([
      'POST /threads',
      'POST /threads/{thread_id}/messages',
      'chat gpt-4o',
      'thread',
    ]);
    expect(metrics).toContain('gen_ai.client.operation.duration');
  });

  test('is not kept alive when everything is sent', async () => {
    const { httpUrl, requests } = receiver();
    const ended = await run(
      `
        const { trace } = await load('@opentelemetry/api');
        await ask();
        await trace.getTracerProvider().getDelegate().forceFlush();
      `,
      { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl },
    );
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(requests.filter((request) => request.includes('traces'))).toHaveLength(1);
  });

  test('reports how many spans process.exit() lost', async () => {
    const ended = await run(`${CONVERSATION} process.exit(5);`);
    expect(ended).toMatchObject({ code: 5, signal: null, stdout: '' });
    expect(ended.stderr).toMatch(/^opentelemetry-instrumentation-openai: 3 spans were lost because /);
  });
});
