import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SELF_SIGNED } from '../../docs/self-signed.ts';
import { useSimulator } from '../../support/lanes/api.ts';
import { startOtlpReceiver } from '../../support/lanes/otlp.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { listen } from '../../support/listening.ts';
import { type Ended, useProject } from '../../support/project.ts';
import { PATIENT } from '../support/patient.ts';
import { useReceiver } from '../support/receiver.ts';

const simulator = useSimulator();
const project = useProject();
const receiver = useReceiver();

type Environment = Readonly<Record<string, string>>;

/** Keeps the process alive until something ends it. */
const STAY = 'setInterval(() => {}, 1_000_000);';

const BEGINNING = `
  import OpenAI from 'openai';
  import { flush } from '${PACKAGE_NAME}/client';
  import { subscribe } from 'node:diagnostics_channel';
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
  const ask = (model) => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
  subscribe('worker_threads', () => console.log('waits'));
`;

/** Without metrics, which are not sent at exit. */
const SET_UP = { OTEL_METRICS_EXPORTER: 'none', NO_COLOR: '1' };
const REGISTER = ['--import', `${PACKAGE_NAME}/register`];
const IN_TIME = ['--import', PATIENT, ...REGISTER];

async function run(body: string, environment: Environment, parameters = IN_TIME): Promise<Ended> {
  await project().write({ 'app.mjs': BEGINNING + body });
  return project().run([...parameters, 'app.mjs'], { BASE_URL: simulator().url, ...SET_UP, ...environment });
}

interface Received {
  readonly spans: readonly string[];
  readonly headers: IncomingHttpHeaders;
}

/** A collector for http/json that answers as it is told, or not at all. */
async function useCollector(statusOf: (received: Received) => number | undefined) {
  const requests: Received[] = [];
  const origin = await listen(
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const sent = Buffer.concat(chunks);
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
        const spans = [...body.toString().matchAll(/"name":"(chat [\w.-]+)"/g)].map(([, name = '']) => name);
        // The request with which the package looks for the command `view` has no spans.
        if (spans.length > 0) requests.push({ spans, headers: request.headers });
        const status = spans.length === 0 ? 200 : statusOf({ spans, headers: request.headers });
        if (status !== undefined) response.writeHead(status).end('{}');
      });
    }),
  );
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_LOGS_EXPORTER: 'none',
  };
  return { requests, environment, address: `${origin}/v1/traces` };
}

const lost = (
  spans: string,
  reason = 'the program ended',
  remedy = 'Before process.exit(), let what is in progress end',
): string =>
  `${PACKAGE_NAME}: ${spans} lost because ${reason} before the next export. ${remedy}, then await flush() of ${PACKAGE_NAME}/client.\n`;

describe('what has ended reaches the collector', () => {
  test.each([
    ['process.exit()', 'process.exit(3);', 3, ''],
    ['an uncaught error', `throw new Error('Nobody catches this');`, 1, 'Error: Nobody'],
    [
      'a rejection that nobody handles',
      `Promise.reject(new Error('Nobody catches this')); ${STAY}`,
      1,
      'Error: Nobody',
    ],
    [
      'an exit listener that throws',
      `process.on('exit', () => { throw new Error('Nobody'); }); process.exit(3);`,
      3,
      'Error: Nobody',
    ],
  ])('after %s', async (_, end, code, error) => {
    const { httpUrl, spans } = receiver();
    const ended = await run(`await ask('gpt-4o'); ${end}`, {
      OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
      OTEL_TRACES_EXPORTER: 'console,otlp',
    });
    expect(ended).toMatchObject({ code, stdout: 'waits\n' });
    // The tree is printed before the program waits, and Node prints an error after the listeners of `exit`.
    expect(ended.stderr).toMatch(new RegExp(`^chat gpt-4o .*\\n[^]*${error}`));
    expect(ended.stderr).not.toContain('lost');
    expect(spans).toEqual(['chat gpt-4o']);
  });

  test('if the first call fails at top level, with the log record of its error', async () => {
    const { httpUrl, spans, requests } = receiver();
    const error = { code: 'model_not_found', message: 'There is no such model.' };
    simulator().next({ status: 404, body: { error } });
    const ended = await run(`await ask('gpt-5o');`, { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
    expect(ended.code).toBe(1);
    expect(ended.stderr).not.toContain(PACKAGE_NAME);
    expect(spans).toEqual(['chat gpt-5o']);
    expect(requests).toContain('/v1/logs');
  });

  test('with the headers and the compression that were set when the SDK started', async () => {
    const { requests, environment } = await useCollector(() => 200);
    const end = `await ask('gpt-4o'); delete process.env.OTEL_EXPORTER_OTLP_HEADERS; process.exit(3);`;
    const set = { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };
    expect(await run(end, { ...environment, ...set })).toEqual({ code: 3, stdout: 'waits\n', stderr: '' });
    expect(requests).toMatchObject([
      {
        spans: ['chat gpt-4o'],
        headers: { 'x-key': 'a b', 'content-encoding': 'gzip', 'content-type': 'application/json' },
      },
    ]);
  });

  test('over TLS, if its certificate is trusted', async () => {
    const requests: string[] = [];
    const secure = createSecureServer(SELF_SIGNED, (request, response) => {
      requests.push(request.url ?? '');
      request.resume().on('end', () => response.end());
    });
    const origin = (await listen(secure)).replace('http://127.0.0.1', 'https://localhost');
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: origin, OTEL_LOGS_EXPORTER: 'none' };
    const end = `await ask('gpt-4o'); process.exit(3);`;
    await project().write({ 'ca.pem': SELF_SIGNED.cert });
    const trusted = { ...environment, OTEL_EXPORTER_OTLP_CERTIFICATE: './ca.pem' };
    expect(await run(end, trusted)).toEqual({ code: 3, stdout: 'waits\n', stderr: '' });
    expect(requests).toEqual(['/v1/traces']);
    expect(await run(end, environment)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        `could not send traces to ${origin}/v1/traces (DEPTH_ZERO_SELF_SIGNED_CERT). `,
      ),
    });
    expect(requests).toHaveLength(1);
  });

  test('from a worker thread, whose exit code stays', async () => {
    const { httpUrl, spans } = receiver();
    await project().write({ 'thread.mjs': `${BEGINNING} await ask('gpt-4o'); process.exit(5);` });
    const start = `
      const { Worker } = await import('node:worker_threads');
      new Worker(new URL('./thread.mjs', import.meta.url)).on('exit', (code) => console.log('ended with', code));
    `;
    const ended = await run(start, { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('ended with 5\n');
    expect(spans).toEqual(['chat gpt-4o']);
  });

  test('without what NODE_OPTIONS loads into the program', async () => {
    const { httpUrl, spans } = receiver();
    await project().write({ 'loaded.cjs': `require('node:fs').writeSync(1, 'loaded\\n');` });
    const ended = await run(
      `await ask('gpt-4o'); process.exit(3);`,
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
        NODE_OPTIONS: `--require ./loaded.cjs --import ${PACKAGE_NAME}/register`,
      },
      ['--import', PATIENT],
    );
    expect(ended).toEqual({ code: 3, stdout: 'loaded\nwaits\n', stderr: '' });
    expect(spans).toEqual(['chat gpt-4o']);
  });

  test('in batches of the size that the processor exports, however many spans wait', async () => {
    const { requests, environment } = await useCollector(() => 200);
    const body = `
      const { trace } = await import('@opentelemetry/api');
      await ask('gpt-4o');
      await flush();
      for (let i = 0; i < 20; i++) trace.getTracer('test').startSpan('chat more').end();
      process.exit(3);
    `;
    const batches = { OTEL_BSP_SCHEDULE_DELAY: '1000000', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '8' };
    expect(await run(body, { ...environment, ...batches })).toEqual({
      code: 3,
      stdout: 'waits\n',
      stderr: '',
    });
    // The processor itself hands a full batch to its exporter, which has no time to send it.
    expect(requests.map(({ spans }) => spans.length).sort()).toEqual([1, 4, 8, 8]);
  });

  test('of two programs that end at once', async () => {
    const { httpUrl, spans } = receiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl };
    const end = `await ask('gpt-4o'); process.exit(3);`;
    const parent = `
      const { spawn } = await import('node:child_process');
      const child = spawn(process.execPath, [...process.execArgv, 'child.mjs'], { stdio: 'inherit' });
      child.on('exit', (code) => { console.log('child', code); process.exit(4); });
      await ask('gpt-4o-mini');
    `;
    await project().write({ 'child.mjs': BEGINNING + end });
    const ended = await run(parent, environment);
    expect(ended).toEqual({ code: 4, stdout: 'waits\nchild 3\nwaits\n', stderr: '' });
    expect([...spans].sort()).toEqual(['chat gpt-4o', 'chat gpt-4o-mini']);
  });

  test('once, whether its exporter was about to send it or the collector had it already', async () => {
    const { requests, environment } = await useCollector(({ spans }) =>
      spans.includes('chat held') ? undefined : 200,
    );
    const about = await run(`await ask('gpt-4o'); void flush(); await null; process.exit(3);`, environment);
    expect(about).toMatchObject({ code: 3, stderr: '' });
    const arrived = `
      await ask('held');
      await new Promise((resolve) => {
        subscribe('http.client.request.start', ({ request }) => {
          if (/^OTel/.test(request.getHeader('user-agent'))) request.once('finish', resolve);
        });
        void flush();
      });
      await ask('gpt-4.1');
      process.exit(3);
    `;
    const ended = await run(arrived, environment);
    expect(ended).toMatchObject({ code: 3, stdout: 'waits\n' });
    // Nobody knows what becomes of a batch that was not answered.
    expect(ended.stderr).toContain('spans may be lost because the program ended before ');
    expect(requests.flatMap(({ spans }) => spans).sort()).toEqual([
      'chat gpt-4.1',
      'chat gpt-4o',
      'chat held',
    ]);
  });
});

test('a call in progress is recorded as interrupted, without a status', async () => {
  const api = await listen();
  const collector = await startOtlpReceiver();
  try {
    const end = `void ask('gpt-4o'); subscribe('undici:client:sendHeaders', () => process.exit(3));`;
    const ended = await run(end, {
      BASE_URL: api,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_TRACES_EXPORTER: 'console,otlp',
    });
    expect(ended).toMatchObject({ code: 3, stdout: 'waits\n' });
    expect(ended.stderr).toMatch(/^chat gpt-4o .* interrupted\n+$/);
    expect(collector.spans).toMatchObject([
      { name: 'chat gpt-4o', status: { code: 0 }, attributes: { 'openai.call.interrupted': true } },
    ]);
    expect(collector.spans[0]?.attributes).not.toHaveProperty('error.type');
  } finally {
    await collector.close();
  }
});

describe('a program does not wait', () => {
  test('if nothing is left to send', async () => {
    const { requests, environment } = await useCollector(() => 200);
    const ended = await run(`await ask('gpt-4o'); await flush(); process.exit(3);`, environment);
    expect(ended).toEqual({ code: 3, stdout: '', stderr: '' });
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['refused connections', async () => 'http://127.0.0.1:1', 'ECONNREFUSED'],
    ['let a request time out', () => listen((request) => void request.resume()), 'timeout'],
  ])('if the collector has %s before', async (_, start, reason) => {
    const origin = await start();
    const end = `await ask('gpt-4o'); await flush(); await ask('gpt-4.1'); process.exit(3);`;
    const ended = await run(end, {
      OTEL_EXPORTER_OTLP_ENDPOINT: origin,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_LOGS_EXPORTER: 'none',
    });
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain(`could not send traces to ${origin}/v1/traces (${reason}). `);
    expect(ended.stderr).toContain(lost('1 span was'));
  });

  test('over gRPC, or if Node forbids worker threads', async () => {
    const { url, httpUrl, spans } = receiver();
    const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    const end = `await ask('gpt-4o'); process.exit(3);`;
    const said = { code: 3, stdout: '', stderr: lost('1 span was') };
    expect(await run(end, grpc)).toEqual(said);
    const guarded = ['--permission', '--allow-fs-read=*', '--no-warnings', ...REGISTER];
    expect(await run(end, { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl }, guarded)).toEqual(said);
    expect(spans).toEqual([]);
  });

  test.each([
    ['process.exit()', 'process.exit(3);', lost('1 span was')],
    [
      'an uncaught error',
      `throw new Error('Nobody catches this');`,
      lost('1 span was', 'an uncaught error ended the program', 'Catch the error'),
    ],
    [
      'process.exit() in a listener for uncaught errors',
      `process.on('uncaughtException', () => process.exit(3)); setTimeout(() => { throw 1; }); ${STAY}`,
      lost('1 span was'),
    ],
  ])('with an SDK of its own, and says what ended it: %s', async (_, end, line) => {
    const { httpUrl, spans } = receiver();
    await project().write({
      'own-sdk.mjs': `
        import { NodeSDK } from '@opentelemetry/sdk-node';
        import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
        new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
      `,
    });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl, OTEL_LOGS_EXPORTER: 'none' };
    const ended = await run(`await ask('gpt-4o'); ${end}`, environment, ['--import', './own-sdk.mjs']);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain(line);
    expect(spans).toEqual([]);
  });
});

test.each([
  ['answers with an error', 503, 'HTTP 503'],
  ['does not answer', undefined, 'timeout'],
])('if the collector %s, the program ends with its own exit code and says so', async (_, status, reason) => {
  const { environment, address } = await useCollector(() => status);
  const clock = status === undefined ? REGISTER : IN_TIME;
  const ended = await run(`await ask('gpt-4o'); process.exit(3);`, environment, clock);
  expect(ended).toMatchObject({ code: 3, stdout: 'waits\n' });
  expect(ended.stderr).toContain(`could not send traces to ${address} (${reason}). `);
  expect(ended.stderr).toContain(lost('1 span was'));
});
