import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { FULL_LANES } from './lanes.ts';
import { type Ended, runChild } from './support/child.ts';
import { programText, REGISTER } from './support/programs.ts';
import { useReceiver } from './support/receiver.ts';

/** Keeps the process alive until something ends it. */
const STAY = `setInterval(() => {}, 1_000_000); console.log('ready');`;

describe.each(FULL_LANES)('$name: a program with …/register ends as it does without', ({ name: lane }) => {
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
    const without = await runChild(program);
    return { without, with: await runChild({ ...program, parameters: REGISTER.mjs }), spans };
  }

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s, and what was recorded is sent',
    async (signal) => {
      const ended = await runBoth(`await ask(); ${STAY}`, { signals: [signal] });
      expect(ended.without).toEqual({ code: null, signal, stdout: 'ready\n', stderr: '' });
      expect(ended.with).toEqual(ended.without);
      expect(ended.spans).toEqual(['chat gpt-4o']);
    },
  );

  test('by a signal that comes again while the first one is waiting for the receiver', async () => {
    const { without, ...ended } = await runBoth(
      `
        await ask();
        setInterval(() => {}, 1_000_000);
        console.log('ready');
        setTimeout(() => console.log('ready'), 100);
      `,
      {
        signals: ['SIGINT', 'SIGINT'],
        // Nobody answers there: the address is reserved for documentation.
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://192.0.2.1:4318' },
      },
    );
    expect(without.signal).toBe('SIGINT');
    expect(ended.with.signal).toBe('SIGINT');
  });

  test('by a signal that it handles itself, and what was recorded is sent meanwhile', async () => {
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

  test('not at all by a signal that it lives through, and recording goes on', async () => {
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
  ])('by a signal beside %s, which leaves it to others who listen', async (_, beginning) => {
    const body = `onExit((code, signal) => console.log('cleaning up', code, signal)); await ask(); ${STAY}`;
    const ended = await runBoth(body, { beginning, signals: ['SIGTERM'] });
    expect(ended.without).toEqual({
      code: null,
      signal: 'SIGTERM',
      stdout: 'ready\ncleaning up null SIGTERM\n',
      stderr: '',
    });
    expect(ended.with).toEqual(ended.without);
  });

  test('with the exit code that it has set, and what was recorded is sent', async () => {
    const ended = await runBoth(`process.exitCode = 4; await ask();`);
    expect(ended.without).toEqual({ code: 4, signal: null, stdout: '', stderr: '' });
    expect(ended.with).toEqual(ended.without);
    expect(ended.spans).toEqual(['chat gpt-4o']);
  });

  test('with a conversation open, whose span is ended and sent', async () => {
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

  test('by process.exit(), at once; the tree is printed', async () => {
    const ended = await runBoth(`await ask(); process.exit(5);`, {
      env: { OTEL_TRACES_EXPORTER: 'console' },
    });
    expect(ended.without).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
    expect(ended.with).toMatchObject({ code: 5, signal: null, stdout: '' });
    expect(ended.with.stderr).toContain('chat gpt-4o');
  });

  test.each([
    ['an error that nobody catches', `throw new Error('Nobody catches this');`],
    ['a rejection that nobody handles', `Promise.reject(new Error('Nobody catches this')); ${STAY}`],
  ])('by %s; the tree is printed', async (_, failure) => {
    const ended = await runBoth(`await ask(); ${failure}`, { env: { OTEL_TRACES_EXPORTER: 'console' } });
    expect(ended.without).toMatchObject({ code: 1, signal: null });
    expect(ended.with).toMatchObject({ code: 1, signal: null, stdout: ended.without.stdout });
    expect(ended.with.stderr).toContain('Error: Nobody catches this');
    expect(ended.with.stderr).toContain('chat gpt-4o');
  });
});
