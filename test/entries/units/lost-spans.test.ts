import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

/** Accepts every request and answers none. */
let collector: Server;
let origin: string;
beforeAll(async () => {
  collector = createServer((request) => request.resume()).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  origin = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterAll(() => {
  collector.close();
  collector.closeAllConnections();
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

async function run(
  end: string,
  environment: Environment,
  setUp = `${PACKAGE_NAME}/register`,
): Promise<Ended> {
  await project().write({ 'app.mjs': `import OpenAI from 'openai';${CALL}${end}`, 'own-sdk.mjs': OWN_SDK });
  return project().run(['--import', setUp, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    ...environment,
  });
}

const otlp = (): Environment => ({ OTEL_EXPORTER_OTLP_ENDPOINT: origin });
const zipkin = (): Environment => ({
  OTEL_TRACES_EXPORTER: 'zipkin',
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${origin}/api/v2/spans`,
});
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '1' };

describe.each([
  ['OTLP', otlp, '/v1/traces', 'Is a collector running? OTEL_EXPORTER_OTLP_ENDPOINT'],
  ['Zipkin', zipkin, '/api/v2/spans', 'Is Zipkin running? OTEL_EXPORTER_ZIPKIN_ENDPOINT'],
])('a program whose collector never answers over %s', (_, environment, path, advice) => {
  const unsent = (): string =>
    `${PACKAGE_NAME}: could not send traces to ${origin}${path} (timeout). ${advice} sets its address; ` +
    'OTEL_TRACES_EXPORTER=console prints traces here instead.\n';
  const unanswered = (): string =>
    `${PACKAGE_NAME}: spans may be lost because the program ended before ${origin}${path} answered. ` +
    `Before process.exit(), let what is in progress end, then await flush() of ${PACKAGE_NAME}/client.\n`;

  test('says so when it ends by itself, and does end', async () => {
    expect((await run('', environment())).stderr).toBe(unsent());
  });

  test('says so when it ends by itself with a batch on its way, and does end', async () => {
    const end = `
      import { subscribe } from 'node:diagnostics_channel';
      const waiting = setInterval(() => {}, 1_000_000);
      subscribe('http.client.request.start', () => clearInterval(waiting));`;
    expect((await run(end, { ...environment(), ...AT_ONCE })).stderr).toBe(unsent());
  });

  test('says so when a signal ends it', async () => {
    expect((await run(SIGNAL, environment())).stderr).toBe(unsent());
  });

  test('says so when a signal ends it with a batch on its way', async () => {
    const end = whenSent(`process.kill(process.pid, 'SIGTERM');`);
    expect((await run(end, { ...environment(), ...AT_ONCE })).stderr).toBe(unsent());
  });

  test('says so after process.exit() with a batch on its way', async () => {
    const { code, stderr } = await run(whenSent('process.exit(3);'), { ...environment(), ...AT_ONCE });
    expect({ code, stderr }).toEqual({ code: 3, stderr: unanswered() });
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
])('a collector to which no connection is opened does not keep a program with %s', async (_, setUp) => {
  const blocked = await startBlocked();
  const { code, stderr } = await run('', { OTEL_EXPORTER_OTLP_ENDPOINT: blocked }, setUp);
  expect(code).toBe(0);
  expect(stderr).toContain(`could not send traces to ${blocked}/v1/traces (timeout). `);
});

describe('a program that ends in the middle of a stream', () => {
  const MODEL = { model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: 'Hi' }] };
  const stream = (end: string): string => `
    let read = 0;
    for await (const chunk of await client.chat.completions.create(${JSON.stringify(MODEL)}))
      if (++read === 3) { ${end} }
  `;

  test.each([
    ['process.exit(3);', 3],
    ['process.exit(1);', 1],
    [`throw new Error('Nobody catches this');`, 1],
    [`Promise.reject(new Error('Nobody catches this'));`, 1],
  ])('counts its span as lost: %s', async (end, exitCode) => {
    const { code, stderr } = await run(stream(end), otlp());
    expect(code).toBe(exitCode);
    expect(stderr).toContain(
      `${PACKAGE_NAME}: 2 spans were lost because the program ended before the next export. ` +
        `Before process.exit(), let what is in progress end, then await flush() of ${PACKAGE_NAME}/client.\n`,
    );
  });

  test('counts its span as lost although flush() has sent the others', async () => {
    const flush = `import { flush } from '${PACKAGE_NAME}/client';`;
    const end = stream('await flush(); process.exit(3);');
    const { stderr } = await run(`${flush}${end}`, { OTEL_EXPORTER_OTLP_ENDPOINT: simulator().url });
    expect(stderr).toBe(
      `${PACKAGE_NAME}: 1 span was lost because the program ended before the next export. ` +
        `Before process.exit(), let what is in progress end, then await flush() of ${PACKAGE_NAME}/client.\n`,
    );
  });

  test('prints its span, with what has arrived', async () => {
    const end = stream('process.exit(3);');
    const { stderr } = await run(end, { OTEL_TRACES_EXPORTER: 'console', NO_COLOR: '1' });
    expect(stderr).toMatch(/^chat gpt-4o .*output tokens · 3 chunks · stream abandoned$/m);
  });
});

describe('a program with a NodeSDK of its own', () => {
  test('says that its collector never answered', async () => {
    const environment = { ...otlp(), OTEL_EXPORTER_OTLP_TIMEOUT: '100' };
    const { stderr } = await run('', environment, './own-sdk.mjs');
    expect(stderr).toContain(`could not send traces to ${origin}/v1/traces (timeout). `);
  });

  test.each([
    ['OTLP', otlp],
    ['Zipkin', zipkin],
  ])(
    'ends within the two seconds of its last flush, although the collector never answers over %s',
    async (_, environment) => {
      // The exporter alone would keep it for ten seconds or longer.
      const end = `
      const { performance } = await import('node:perf_hooks');
      const asked = performance.now();
      process.once('exit', () => console.log(performance.now() - asked < 5_000 ? 'in time' : 'late'));
      process.on('beforeExit', () => console.log('beforeExit'));
    `;
      const { code, stdout, stderr } = await run(end, environment(), './own-sdk.mjs');
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'beforeExit\nin time\n' });
      expect(stderr).toContain(`could not send traces to ${origin}/`);
      expect(stderr).toContain(' (timeout). ');
    },
  );

  test('ends in time, although the collector is overloaded and its exporter wants to try again', async () => {
    simulator().next({ status: 200, body: { choices: [] } });
    for (let attempt = 0; attempt < 6; attempt++)
      simulator().next({ status: 503, body: {}, when: { path: /traces/ } });
    const end = `
      const { performance } = await import('node:perf_hooks');
      const asked = performance.now();
      process.once('exit', () => console.log(performance.now() - asked < 5_000 ? 'in time' : 'late'));
    `;
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: simulator().url };
    const { code, stdout, stderr } = await run(end, environment, './own-sdk.mjs');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'in time\n' });
    expect(stderr).toContain(`could not send traces to ${simulator().url}/v1/traces (timeout). `);
  });

  test('ends, although its exporter for Zipkin waits for good', async () => {
    const { code } = await run('', { ...zipkin(), OTEL_BSP_EXPORT_TIMEOUT: '100' }, './own-sdk.mjs');
    expect(code).toBe(0);
  });
});

test('a refusing Zipkin is reported', async () => {
  const refused = { ...zipkin(), OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'http://127.0.0.1:1/api/v2/spans' };
  expect((await run('', refused)).stderr).toContain('http://127.0.0.1:1/api/v2/spans (ECONNREFUSED). ');
});
