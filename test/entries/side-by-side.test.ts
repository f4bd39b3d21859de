import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { codeBlocksOf } from '../docs/documents.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { laneDirectory } from '../support/lanes/paths.ts';
import { FULL_LANES } from './lanes.ts';
import { PACKAGE, runChild } from './support/child.ts';
import { type Format, programText } from './support/programs.ts';
import { RECORDER, type RecordedSpan, readSpans } from './support/spans.ts';

const LOAD = `
  ${RECORDER}
  const { OpenAIInstrumentation } = await load('${PACKAGE}');
  const { registerInstrumentations } = await load('@opentelemetry/instrumentation');
  const { getNodeAutoInstrumentations } = await load('@opentelemetry/auto-instrumentations-node');
  const { UndiciInstrumentation } = await load('@opentelemetry/instrumentation-undici');
  const { HttpInstrumentation } = await load('@opentelemetry/instrumentation-http');
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  const startSdk = (instrumentations) =>
    new NodeSDK({ instrumentations, spanProcessors: [recorder], metricReaders: [], logRecordProcessors: [] }).start();
`;
/** The call below a span of the program's own, so that nothing is in a trace by chance. */
const CALL = `
  const { trace } = await load('@opentelemetry/api');
  await trace.getTracer('program').startActiveSpan('program', async (span) => {
    await ask();
    span.end();
  });
`;

/** A server that imports `node:http`, as those of Hono, Nuxt and SvelteKit do. Nothing in it requires that module. */
const SERVER = `
  import { createServer } from 'node:http';
  import OpenAI from 'openai';
  const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: 'sk' });
  const server = createServer(async (request, response) => {
    await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
    response.end();
  }).listen(0, async () => {
    await (await fetch('http://localhost:' + server.address().port)).text();
    server.close();
  });
`;

/** A call that is retried, and requests to a service of the program, through both of Node's HTTP clients. */
const OWN_SERVICE = `
  const { createServer, get } = await load('node:http');
  const { context, propagation, trace } = await load('@opentelemetry/api');
  const { withMetadata } = await load('${PACKAGE}/client');
  const received = [];
  const service = createServer(({ headers: { baggage } }, response) => {
    if (baggage !== undefined) received.push(baggage);
    response.end();
  });
  await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + service.address().port;
  const patient = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 1 });
  const own = propagation.createBaggage({ shop: { value: '7' } });
  await context.with(propagation.setBaggage(context.active(), own), () =>
    withMetadata({ userId: 'Ada L', sessionId: 'chat-7' }, async () => {
      await ask('gpt-4o', patient);
      await new Promise((resolve) => get(url, { agent: false }, (response) => response.resume().once('end', resolve)));
      await (await fetch(url)).text();
    }, { propagate: true }));
  trace.getTracer('program').startSpan('service', { attributes: { received } }).end();
  service.close();
  service.closeAllConnections();
`;

const BOTH = '[new OpenAIInstrumentation(), new UndiciInstrumentation()]';
const OFF = `getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-openai': { enabled: false } })`;
const UNDICI = '@opentelemetry/instrumentation-undici';

describe.each(FULL_LANES)('$name: together with', ({ name: lane }) => {
  const simulator = useSimulator();

  async function run(
    beginning: string,
    {
      format = 'mjs',
      openai = 'openai',
      body = CALL,
    }: { format?: Format; openai?: string; body?: string } = {},
  ): Promise<RecordedSpan[]> {
    const text = programText(format, body, { openai, beginning: `${LOAD}\n${beginning}` });
    const ended = await runChild({
      lane,
      format,
      text,
      env: { BASE_URL: simulator().url, OTEL_NODE_RESOURCE_DETECTORS: 'none' },
    });
    if (ended.code !== 0) throw new Error(ended.stderr);
    // The file system, name look-ups and sockets are instrumented as well.
    return readSpans(ended.stdout).filter(({ scope }) => /^program$|openai|undici|-http$/.test(scope));
  }

  test.each<[title: string, scope: string, beginning: string, options?: { format: Format; openai: string }]>([
    ['the undici instrumentation (mjs)', UNDICI, `startSdk(${BOTH});`],
    ['the undici instrumentation (cjs)', UNDICI, `startSdk(${BOTH});`, { format: 'cjs', openai: 'openai' }],
    [
      'the http instrumentation, which openai 4 sends through',
      '@opentelemetry/instrumentation-http',
      'startSdk([new HttpInstrumentation(), new OpenAIInstrumentation()]);',
      { format: 'cjs', openai: 'openai-4' },
    ],
    [
      'registerInstrumentations, before the provider is registered',
      UNDICI,
      `registerInstrumentations({ instrumentations: ${BOTH} }); startSdk([]);`,
    ],
    ['getNodeAutoInstrumentations() before ours', UNDICI, `startSdk([${OFF}, new OpenAIInstrumentation()]);`],
    ['getNodeAutoInstrumentations() after ours', UNDICI, `startSdk([new OpenAIInstrumentation(), ${OFF}]);`],
  ])('%s, its spans are below ours', async (_, scope, beginning, options) => {
    const spans = await run(beginning, options);
    assertSpanTree(
      spans,
      `
      program
      └─ chat gpt-4o
         └─ POST
      `,
    );
    expect(spans.map((span) => span.scope)).toContain(scope);
  });

  /** Runs a program with a setup file that docs/servers.md shows. */
  async function runSetUp(name: string, text: string): Promise<RecordedSpan[]> {
    const block = codeBlocksOf('docs/servers.md').find(({ code }) => code.startsWith(`// ${name}`));
    const setUp = join(laneDirectory(lane), `setup-${randomUUID()}.mjs`);
    const recording = block?.code.replace('new NodeSDK({', 'new NodeSDK({ spanProcessors: [recorder],');
    await writeFile(setUp, `${RECORDER}\n${recording}`);
    try {
      const ended = await runChild({
        lane,
        format: 'mjs',
        text,
        parameters: ['--import', setUp],
        env: { BASE_URL: simulator().url, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
      });
      expect(ended.stderr).toBe('');
      return readSpans(ended.stdout);
    } finally {
      await rm(setUp);
    }
  }

  test('the setup of docs/servers.md, calls are below the request to a server that imports node:http', async () => {
    assertSpanTree(
      await runSetUp('telemetry.mjs', SERVER),
      `
      GET
      └─ chat gpt-4o
      `,
    );
  });

  test('the setup of docs/servers.md, a gateway can continue the trace', async () => {
    const spans = await runSetUp('gateway.mjs', programText('mjs', 'await ask();'));
    assertSpanTree(
      spans,
      `
      chat gpt-4o
      └─ POST
      `,
    );
    const { traceId, spanId } = spans.find(({ name }) => name === 'POST')?.spanContext() ?? {};
    expect(simulator().requests.at(-1)?.headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  });

  test.each<[title: string, instrumentation: string, options: { format: Format; openai: string }]>([
    ['the undici instrumentation', 'new UndiciInstrumentation()', { format: 'mjs', openai: 'openai' }],
    [
      'the http instrumentation, which openai 4 sends through',
      'new HttpInstrumentation()',
      { format: 'cjs', openai: 'openai-4' },
    ],
  ])('%s, baggage for the own services does not reach the API', async (_, instrumentation, options) => {
    const first = simulator().requests.length;
    simulator().next({ status: 500, headers: { 'retry-after-ms': '1' } });
    const spans = await run(`startSdk([${instrumentation}, new OpenAIInstrumentation()]);`, {
      ...options,
      body: OWN_SERVICE,
    });
    const requests = simulator().requests.slice(first);
    expect(requests.map(({ headers }) => headers.baggage)).toEqual(['shop=7', 'shop=7']);
    // The trace itself continues, as in a gateway.
    const posts = spans.filter(({ name }) => name === 'POST').map((span) => span.spanContext().spanId);
    expect(requests.map(({ headers }) => String(headers.traceparent).split('-')[2])).toEqual(posts);
    expect(spans.find(({ name }) => name === 'service')?.attributes).toEqual({
      received: ['shop=7,user.id=Ada%20L;openai=never,session.id=chat-7;openai=never'],
    });
    const call = spans.find(({ name }) => name === 'chat gpt-4o');
    const below = spans.filter((span) => span.parentSpanContext?.spanId === call?.spanContext().spanId);
    expect(below.map(({ name }) => name).sort()).toEqual(['POST', 'POST', 'attempt', 'attempt']);
  });

  test('streams, the request span is below ours, and work on the chunks is not', async () => {
    const spans = await run(`startSdk(${BOTH});`, {
      body: `
        const { trace } = await load('@opentelemetry/api');
        const tracer = trace.getTracer('program');
        await tracer.startActiveSpan('program', async (span) => {
          const messages = [{ role: 'user', content: 'Hi' }];
          let first = true;
          for await (const chunk of await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })) {
            if (first) tracer.startSpan('chunk').end();
            first = false;
          }
          span.end();
        });
      `,
    });
    assertSpanTree(
      spans,
      `
      program
      ├─ chat gpt-4o
      │  └─ POST
      └─ chunk
      `,
    );
  });

  test('registerInstrumentations, its own provider is used', async () => {
    const spans = await run(
      `
        const { createRequire } = await import('node:module');
        const require = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/sdk-node'));
        const { TracerProvider, BasicTracerProvider } = require('@opentelemetry/sdk-trace');
        const tracerProvider = new (TracerProvider ?? BasicTracerProvider)({ spanProcessors: [recorder] });
        registerInstrumentations({ instrumentations: [new OpenAIInstrumentation()], tracerProvider });
      `,
      { body: 'await ask();' },
    );
    expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
  });
});
