import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { listen } from '../support/listening.ts';
import { FULL_LANES } from './lanes.ts';
import { type Ended, runChild } from './support/child.ts';
import { PATIENT } from './support/patient.ts';
import { programText, REGISTER } from './support/programs.ts';
import { useReceiver } from './support/receiver.ts';

/** Keeps the process alive until something ends it. */
const STAY = `setInterval(() => {}, 1_000_000); console.log('ready');`;

interface Program {
  readonly body: string;
  readonly beginning?: string;
  readonly signals?: readonly NodeJS.Signals[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Row extends Program {
  readonly title: string;
  /** How it ends without us, and with us. */
  readonly end: Partial<Ended>;
  /** What is sent, where that is not chance. */
  readonly spans?: readonly string[];
}

/** What a program with a listener of its own for SIGTERM does, which ends it where nobody else listens. */
function leaving(add: string, wait: string): string {
  return `
    await ask();
    ${add}('SIGTERM', async function last() {
      const alone = () => process.listeners('SIGTERM').every((listener) => listener === last);
      ${wait}
      if (!alone()) return console.log('somebody else listens');
      process.removeListener('SIGTERM', last);
      process.kill(process.pid, 'SIGTERM');
    });
    ${STAY}
  `;
}

const ROWS: readonly Row[] = [
  ...(['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => ({
    title: `by ${signal}, and sends what is recorded`,
    body: `await ask(); ${STAY}`,
    signals: [signal],
    end: { signal, stdout: 'ready\n' },
    spans: ['chat gpt-4o'],
  })),
  {
    title: 'by a signal that arrives twice at once, as with node --watch, and sends what is recorded',
    body: `
      await ask();
      setInterval(() => {}, 1_000_000);
      const press = (times) => {
        process.kill(process.pid, 'SIGINT');
        if (times > 1) setImmediate(press, times - 1);
      };
      press(2);
    `,
    end: { signal: 'SIGINT' },
    spans: ['chat gpt-4o'],
  },
  {
    title: 'by a signal that it handles itself, and sends what is recorded meanwhile',
    body: `
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
    signals: ['SIGTERM'],
    end: { code: 7, stdout: 'ready\ncleaning up\n' },
    spans: ['chat first', 'chat last'],
  },
  {
    title: 'and a signal that it survives flushes without stopping the recording',
    body: `
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
    signals: ['SIGHUP', 'SIGHUP'],
    end: { code: 0, stdout: 'ready\nready\n' },
    spans: ['chat first', 'chat reload-1', 'chat reload-2'],
  },
  ...[
    ['signal-exit', `const { onExit } = await load('signal-exit');`] as const,
    ['signal-exit-3', `const { default: onExit } = await load('signal-exit-3');`] as const,
  ].map(([library, beginning]) => ({
    title: `by a signal beside ${library}, which leaves it to other listeners`,
    beginning,
    body: `onExit((code, signal) => console.log('cleaning up', code, signal)); await ask(); ${STAY}`,
    signals: ['SIGTERM'] as const,
    end: { signal: 'SIGTERM' as const, stdout: 'ready\ncleaning up null SIGTERM\n' },
    spans: ['chat gpt-4o'],
  })),
  ...['signal', 'number'].map((sent) => ({
    title: `by a signal that it sends itself again by its ${sent === 'signal' ? 'name, as NestJS does' : 'number'}, and sends what is recorded until then`,
    body: `
      process.once('SIGTERM', async (signal, number) => {
        process.kill(process.pid, 0);
        await ask('last');
        process.kill(process.pid, ${sent});
      });
      await ask('first');
      ${STAY}
    `,
    signals: ['SIGTERM'] as const,
    end: { signal: 'SIGTERM' as const, stdout: 'ready\n' },
    spans: ['chat first', 'chat last'],
  })),
  {
    title: 'by a signal that it sends itself again, whatever exit code it asks for after that',
    body: `
      process.once('SIGTERM', async (signal) => {
        process.kill(process.pid, signal);
        await undefined;
        process.exit(7);
      });
      await ask();
      ${STAY}
    `,
    signals: ['SIGTERM'],
    end: { signal: 'SIGTERM', stdout: 'ready\n' },
  },
  {
    title: 'and a signal that it sends itself while it listens reaches its listener',
    body: `
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
    signals: ['SIGHUP'],
    end: { code: 0, stdout: 'ready\nsignal 1\nsignal 2\nsignal 3\n' },
    spans: ['chat gpt-4o'],
  },
  {
    title: 'by a signal beside a listener that waits for its own flush and then counts other listeners',
    body: leaving('process.on', 'await new Promise((resolve) => setTimeout(resolve, 1_000));'),
    signals: ['SIGTERM'],
    end: { signal: 'SIGTERM', stdout: 'ready\n' },
    spans: ['chat gpt-4o'],
  },
  {
    title: 'by a signal beside a listener that is prepended before all others',
    body: leaving('process.prependListener', ''),
    signals: ['SIGTERM'],
    end: { signal: 'SIGTERM', stdout: 'ready\n' },
  },
  {
    title: 'with the exit code that it set, and sends what is recorded',
    body: 'process.exitCode = 4; await ask();',
    end: { code: 4 },
    spans: ['chat gpt-4o'],
  },
];

/** How each program ends without us, whatever the lane brings. */
const withoutUs = new Map<string, Promise<Ended>>();

/** For what the line of OpenTelemetry does not decide: every other row in the lane of each. */
function inTurn<Item extends { readonly title: string }>(rows: readonly Item[]) {
  return rows.map((row, index) => {
    const lane = FULL_LANES[index % 2]?.name ?? '';
    return [row.title, lane, { ...row, lane }] as const;
  });
}

describe('a program with …/register ends as it does without it', () => {
  const simulator = useSimulator();
  const receiver = useReceiver();

  /** The same program without and with us; what it was sent counts for the second. */
  async function runBoth({ lane, body, beginning = '', signals = [], env = {} }: Program & { lane: string }) {
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
    return {
      without: await without,
      with: await runChild({ ...program, parameters: REGISTER.mjs }),
      spans,
    };
  }

  test.each(inTurn(ROWS))('%s (%s)', async (_title, _lane, { end, spans, ...row }) => {
    const ended = await runBoth(row);
    expect(ended.without).toEqual({ code: null, signal: null, stdout: '', stderr: '', ...end });
    expect(ended.with).toEqual(ended.without);
    if (spans !== undefined) expect([...ended.spans].sort()).toEqual(spans);
  });

  const PAIRS = [
    { title: 'SIGINT, by SIGINT', first: 'SIGINT', second: 'SIGINT' },
    { title: 'SIGTERM, by SIGINT', first: 'SIGTERM', second: 'SIGINT' },
    { title: 'SIGHUP, by SIGTERM', first: 'SIGHUP', second: 'SIGTERM' },
  ] as const;
  test.each(inTurn(PAIRS))(
    'while the flush waits for the receiver after %s (%s)',
    async (_title, _lane, { lane, first, second }) => {
      const { without, ...ended } = await runBoth({
        lane,
        body: `await ask(); ${STAY} setTimeout(() => console.log('ready'), 300);`,
        signals: [first, second],
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: await listen() },
      });
      expect(without.signal).toBe(first);
      // A flush that ran to its end would report that nobody answered.
      expect(ended.with).toEqual({ code: null, signal: second, stdout: 'ready\nready\n', stderr: '' });
    },
  );

  const AFTER_A_RUN = [
    {
      title: 'by itself, and asks how a run ended that only another process has polled',
      end: '',
      steps: ['chat gpt-4o'],
    },
    { title: 'by process.exit(), and asks nothing', end: 'process.exit();', steps: [] },
    {
      title: 'by a signal, and asks nothing',
      end: `process.kill(process.pid, 'SIGTERM'); ${STAY}`,
      steps: [],
    },
  ];
  test.each(inTurn(AFTER_A_RUN))('%s (%s)', async (_title, _lane, { lane, end, steps }) => {
    const before = simulator().requests.length;
    const body = `
      const thread = await client.beta.threads.create();
      const assistant = await client.beta.assistants.create({ model: 'gpt-4o', name: 'Tutor' });
      const { id } = await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
      const url = process.env.BASE_URL + '/threads/' + thread.id + '/runs/' + id;
      for (let status; status !== 'completed'; )
        ({ status } = await (await fetch(url, { headers: { 'x-another': 'process' } })).json());
      ${end}
    `;
    const env = { NODE_OPTIONS: `--import ${PATIENT}` };
    const ended = await runBoth({ lane, body, env });
    expect(ended.with.code).toBe(ended.without.code);
    expect(ended.spans.filter((name) => name.startsWith('chat'))).toEqual(steps);
    // The spans that were open have ended.
    expect(ended.spans).toContain('thread');
    const asks = simulator()
      .requests.slice(before)
      .filter(({ path, headers }) => /runs\/run_\w+$/.test(path) && headers['x-another'] === undefined);
    expect(asks).toHaveLength(steps.length);
  });

  describe.each(FULL_LANES)('$name', ({ name: lane }) => {
    test('by a signal that arrives while synchronous code runs, when that returns', async () => {
      const body = `await ask(); process.kill(process.pid, 'SIGTERM'); console.log('done');`;
      const { spans, ...ended } = await runBoth({ lane, body });
      expect(ended.without).toEqual({ code: null, signal: 'SIGTERM', stdout: '', stderr: '' });
      expect(ended.with).toEqual({ ...ended.without, stdout: 'done\n' });
      expect(spans).toEqual(['chat gpt-4o']);
    });

    test('and reports once that the endpoint refuses connections, without waiting for retries', async () => {
      const ended = await runBoth({
        lane,
        body: `
          await ask();
          const { performance } = await load('node:perf_hooks');
          const asked = performance.now();
          process.on('exit', () => console.log(performance.now() - asked < 900 ? 'at once' : 'after a retry'));
        `,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:secret@127.0.0.1:1', NO_COLOR: '1' },
      });
      expect(ended.with.stderr).toBe(
        'opentelemetry-instrumentation-openai: could not send traces to http://127.0.0.1:1/v1/traces (ECONNREFUSED). ' +
          'Is a collector running? OTEL_EXPORTER_OTLP_ENDPOINT sets its address; ' +
          'OTEL_TRACES_EXPORTER=console prints traces here instead.\n',
      );
      expect(ended.with).toMatchObject({ code: 0, stdout: 'at once\n' });
    });

    test('by process.exit() after flush(), which sends the spans and their conversation', async () => {
      const body = `
        const { flush } = await load('opentelemetry-instrumentation-openai/client');
        const thread = await client.beta.threads.create();
        await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'Hi' });
        await flush();
        process.exit(5);
      `;
      const ended = await runBoth({ lane, body });
      expect(ended.with).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
      const names = ['POST /threads', 'POST /threads/{thread_id}/messages', 'thread'];
      expect([...ended.spans].sort()).toEqual(names);
    });

    test.each([
      ['process.exit() at once', 'process.exit(5);', { code: 5 }, ''],
      ['an uncaught error', `throw new Error('Nobody catches this');`, { code: 1 }, 'Error: Nobody'],
      [
        'an unhandled rejection',
        `Promise.reject(new Error('Nobody catches this')); ${STAY}`,
        { code: 1 },
        'Error: Nobody',
      ],
    ])('by %s, and prints the tree', async (_, end, code, error) => {
      const env = { OTEL_TRACES_EXPORTER: 'console' };
      const ended = await runBoth({ lane, body: `await ask(); ${end}`, env });
      expect(ended.without).toMatchObject({ ...code, signal: null });
      expect(ended.with).toMatchObject({ ...code, signal: null, stdout: ended.without.stdout });
      expect(ended.with.stderr).toContain('chat gpt-4o');
      expect(ended.with.stderr).toContain(error);
    });
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
