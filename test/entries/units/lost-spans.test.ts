import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { listen } from '../../support/listening.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';
import { PATIENT } from '../support/patient.ts';

const simulator = useSimulator();
const project = useProject();

/** Of a collector that accepts every request and answers none. */
let origin: string;
beforeEach(async () => {
  origin = await listen((request) => void request.resume());
});

const STAY = 'setInterval(() => {}, 1_000_000);';
const SIGNAL = `process.kill(process.pid, 'SIGTERM'); ${STAY}`;
/** Does something when a batch is on its way; exporters may send it again. */
const whenSent = (what: string): string => `
  import { subscribe, unsubscribe } from 'node:diagnostics_channel';
  const channel = 'http.client.request.start';
  subscribe(channel, function sent() { unsubscribe(channel, sent); ${what} });
  ${STAY}
`;

const OWN_SDK = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;

type Environment = Readonly<Record<string, string>>;

let programs = 0;

async function run(
  end: string,
  environment: Environment,
  setUp = `${PACKAGE_NAME}/register`,
): Promise<Ended> {
  const file = `app-${programs++}.mjs`;
  await project().write({ [file]: `import OpenAI from 'openai';${CALL}${end}`, 'own-sdk.mjs': OWN_SDK });
  return project().run(['--import', setUp, file], {
    BASE_URL: simulator().url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    ...environment,
  });
}

/** Programs that mostly wait, all at once. */
async function runAll(ends: Readonly<Record<string, [end: string, environment: Environment]>>) {
  const ended = Object.entries(ends).map(async ([how, given]) => [how, await run(...given)] as const);
  return Object.fromEntries(await Promise.all(ended));
}

const otlp = (): Environment => ({ OTEL_EXPORTER_OTLP_ENDPOINT: origin });
const zipkin = (): Environment => ({
  OTEL_TRACES_EXPORTER: 'zipkin',
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${origin}/api/v2/spans`,
});
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '1' };

test('a program whose collector never answers ends and says so', async () => {
  const stderr =
    `${PACKAGE_NAME}: could not send traces to ${origin}/v1/traces (timeout). ` +
    'Is a collector running? OTEL_EXPORTER_OTLP_ENDPOINT sets its address; ' +
    'OTEL_TRACES_EXPORTER=console prints traces here instead.\n';
  const unanswered =
    `${PACKAGE_NAME}: spans may be lost because the program ended before ${origin}/v1/traces answered. ` +
    `Before process.exit(), let what is in progress end, then await flush() of ${PACKAGE_NAME}/client.\n`;
  const sending = { ...otlp(), ...AT_ONCE };
  const whileItWaits = `
    import { subscribe } from 'node:diagnostics_channel';
    const waiting = setInterval(() => {}, 1_000_000);
    subscribe('http.client.request.start', () => clearInterval(waiting));`;
  const ended = await runAll({
    'by itself': ['', otlp()],
    'by itself, with a batch on its way': [whileItWaits, sending],
    'by a signal': [SIGNAL, otlp()],
    'by a signal, with a batch on its way': [whenSent(`process.kill(process.pid, 'SIGTERM');`), sending],
    'by process.exit(), with a batch on its way': [whenSent('process.exit(3);'), sending],
  });
  expect(ended).toMatchObject({
    'by itself': { code: 0, stderr },
    'by itself, with a batch on its way': { code: 0, stderr },
    'by a signal': { stderr },
    'by a signal, with a batch on its way': { stderr },
    'by process.exit(), with a batch on its way': { code: 3, stderr: unanswered },
  });
});

test('a collector that has just let a request time out does not keep the program for the time of another', async () => {
  simulator().next({ status: 200, body: { choices: [] } });
  simulator().next({ status: 400, body: {} });
  // Failures are also log records, which are sent while the program runs.
  const { stdout, stderr } = await run(
    `import { subscribe } from 'node:diagnostics_channel';
     await client.chat.completions.create({ model: 'gpt-4o', messages: [] }).catch(() => {});
     let sent;
     process.once('exit', () => console.log(performance.now() - sent < 3_950 ? 'in time' : 'late'));
     const waiting = setInterval(() => {}, 1_000_000);
     subscribe('http.client.request.start', () => {
       sent ??= performance.now();
       clearInterval(waiting);
     });`,
    {
      ...otlp(),
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_BLRP_SCHEDULE_DELAY: '1',
    },
  );
  expect(stdout).toBe('in time\n');
  expect(stderr).toContain(`could not send traces to ${origin}/v1/traces (timeout). `);
});

/** Listens and accepts nothing: a connection to it is never opened, as if a firewall dropped its packets. */
async function startBlocked(): Promise<string> {
  const worker = new Worker(
    `const { createServer } = require('node:net');
     const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       require('node:worker_threads').parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await worker.terminate();
  });
  return `http://127.0.0.1:${port}`;
}

test.runIf(process.platform === 'linux').each([
  ['…/register', `${PACKAGE_NAME}/register`],
  ['a NodeSDK of its own', './own-sdk.mjs'],
])(
  'a collector to which no connection is opened does not keep a program with %s',
  {
    // The system would give the connection up after two minutes.
    timeout: 60_000,
  },
  async (_, setUp) => {
    const blocked = await startBlocked();
    const { code, stderr } = await run('', { OTEL_EXPORTER_OTLP_ENDPOINT: blocked }, setUp);
    expect(code).toBe(0);
    expect(stderr).toContain(`could not send traces to ${blocked}/v1/traces (timeout). `);
  },
);

test('a program that ends in the middle of a stream sends its span, counts it as lost, or prints it', async () => {
  const body = { model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: 'Hi' }] };
  const stream = (end: string): string => `
    import { flush } from '${PACKAGE_NAME}/client';
    let read = 0;
    for await (const chunk of await client.chat.completions.create(${JSON.stringify(body)}))
      if (++read === 3) { ${end} }
  `;
  const lost = (end: string, remedy: string): unknown =>
    expect.stringContaining(
      `${PACKAGE_NAME}: 2 spans were lost because ${end} before the next export. ` +
        `${remedy}, then await flush() of ${PACKAGE_NAME}/client.\n`,
    );
  const byExit = lost('the program ended', 'Before process.exit(), let what is in progress end');
  const byError = lost('an uncaught error ended the program', 'Catch the error');
  const ended = await runAll({
    exit: [stream('process.exit(3);'), otlp()],
    error: [stream(`throw new Error('Nobody catches this');`), otlp()],
    rejection: [stream(`Promise.reject(new Error('Nobody catches this'));`), otlp()],
    flushed: [
      stream('await flush(); process.exit(3);'),
      { OTEL_EXPORTER_OTLP_ENDPOINT: simulator().url, NODE_OPTIONS: `--import ${PATIENT}` },
    ],
    printed: [stream('process.exit(3);'), { OTEL_TRACES_EXPORTER: 'console', NO_COLOR: '1' }],
  });
  expect(ended).toMatchObject({
    exit: { code: 3, stderr: byExit },
    error: { code: 1, stderr: byError },
    rejection: { code: 1, stderr: byError },
    flushed: { code: 3, stderr: '' },
    printed: {
      stderr: expect.stringMatching(
        /^chat gpt-4o .*interrupted · .*output tokens · 3 chunks · stream abandoned$/m,
      ),
    },
  });
});

describe('a program with a NodeSDK of its own', () => {
  /** The exporter alone would keep it for ten seconds or longer. */
  const IN_TIME = `
    const { performance } = await import('node:perf_hooks');
    const asked = performance.now();
    process.once('exit', () => console.log(performance.now() - asked < 5_000 ? 'in time' : 'late'));
    process.on('beforeExit', () => console.log('beforeExit'));
  `;

  test.each([
    ['OTLP', otlp, '/v1/traces'],
    ['Zipkin', zipkin, '/api/v2/spans'],
  ])(
    'ends within two seconds, although its collector never answers over %s',
    async (_, environment, path) => {
      const { code, stdout, stderr } = await run(IN_TIME, environment(), './own-sdk.mjs');
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'beforeExit\nin time\n' });
      expect(stderr).toContain(`could not send traces to ${origin}${path} (timeout). `);
    },
  );

  test('ends in time, although the collector is overloaded and its exporter wants to try again', async () => {
    simulator().next({ status: 200, body: { choices: [] } });
    for (let attempt = 0; attempt < 6; attempt++)
      simulator().next({ status: 503, body: {}, when: { path: /traces/ } });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: simulator().url };
    const { code, stdout, stderr } = await run(IN_TIME, environment, './own-sdk.mjs');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'beforeExit\nin time\n' });
    expect(stderr).toContain(`could not send traces to ${simulator().url}/v1/traces (timeout). `);
  });

  test('ends, although its exporter for Zipkin waits for good', async () => {
    const { code } = await run('', { ...zipkin(), OTEL_BSP_EXPORT_TIMEOUT: '100' }, './own-sdk.mjs');
    expect(code).toBe(0);
  });
});
