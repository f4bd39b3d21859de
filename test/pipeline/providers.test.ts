import { type Context, context, metrics, trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import OpenAI, { type ClientOptions } from 'openai';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { instrumentOpenAI, recordEvaluation, span, traced } from '../../src/client.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { createOpenAI } from '../../src/openai.ts';
import { holdRequests } from '../support/hold-requests.ts';
import { forgetObservers } from '../support/process-state.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { RecordedTelemetry } from '../support/telemetry.ts';
import { HELLO } from '../support/use-session.ts';

const CONTENT = { captureMessageContent: 'SPAN_AND_EVENT' } as const;
const PROMPT = 'Hello there';

/** Providers of a backend for model calls, which are registered nowhere. */
function startBackend(sampler?: Sampler) {
  const spans = new InMemorySpanExporter();
  const records = new InMemoryLogRecordExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 2 ** 30 })],
  });
  return {
    tracerProvider: new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
      ...(sampler !== undefined && { sampler }),
    }),
    loggerProvider: new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: records })] }),
    meterProvider,
    spanNames: () => spans.getFinishedSpans().map(({ name }) => name),
    async received() {
      await meterProvider.forceFlush();
      const scopes = points.getMetrics().at(-1)?.scopeMetrics ?? [];
      const written = [
        spans.getFinishedSpans().map(({ attributes }) => attributes),
        records.getFinishedLogRecords().map(({ attributes }) => attributes),
      ];
      return {
        spans: spans.getFinishedSpans().length,
        events: records.getFinishedLogRecords().length,
        metrics: scopes.flatMap((scope) => scope.metrics).length > 0,
        text: JSON.stringify(written),
      };
    },
  };
}

type Backend = ReturnType<typeof startBackend>;

/** Sets an instrumentation up as programs do. */
function instrument(backend: Partial<Backend> = {}, config: object = {}): OpenAIInstrumentation {
  const instrumentation = new OpenAIInstrumentation(config);
  onTestFinished(() => instrumentation.disable());
  registerInstrumentations({ ...backend, instrumentations: [instrumentation] });
  return instrumentation;
}

function newClient({ simulator }: Program, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0, ...options });
}

async function expectNothing({ spans, logRecords, metrics: read }: RecordedTelemetry): Promise<void> {
  expect(spans.map(({ name }) => name)).toEqual([]);
  expect(logRecords).toEqual([]);
  expect(await read()).toEqual([]);
}

beforeEach(forgetObservers);

/** How a program sets a client up that has options of its own. */
const SET_UPS: Readonly<Record<string, (program: Program, backend: Backend) => OpenAI>> = {
  'instrumentOpenAI with options, after the instrumentation': (program, backend) => {
    instrument(backend);
    return instrumentOpenAI(newClient(program), CONTENT);
  },
  'instrumentOpenAI with options, before the instrumentation': (program, backend) => {
    const client = instrumentOpenAI(newClient(program), CONTENT);
    instrument(backend);
    return client;
  },
  'instrumentOpenAI with options, before the instrumentation has its providers': (program, backend) => {
    const instrumentation = new OpenAIInstrumentation();
    onTestFinished(() => instrumentation.disable());
    const client = instrumentOpenAI(newClient(program), CONTENT);
    registerInstrumentations({ ...backend, instrumentations: [instrumentation] });
    return client;
  },
  'createOpenAI with options': (program, backend) => {
    instrument(backend);
    return createOpenAI({ apiKey: 'test', baseURL: program.simulator.url }, CONTENT);
  },
  'a copy made by withOptions': (program, backend) => {
    instrument(backend);
    return instrumentOpenAI(newClient(program), CONTENT).withOptions({ timeout: 5_000 });
  },
  'a class with options': (program, backend) => {
    class Own extends OpenAI {}
    instrument(backend);
    instrumentOpenAI(Own, CONTENT);
    return new Own({ apiKey: 'test', baseURL: program.simulator.url });
  },
  'the class of all clients with options': (program, backend) => {
    instrument(backend);
    instrumentOpenAI(OpenAI, CONTENT);
    return newClient(program);
  },
};

describe('beside registered providers, the providers of the instrumentation receive everything from', () => {
  test.each(Object.entries(SET_UPS))('%s', async (_, setUp) => {
    const program = await startProgram({ mayLog: true });
    const backend = startBackend();
    const client = setUp(program, backend);
    await client.chat.completions.create(HELLO);
    expect(await backend.received()).toEqual({
      spans: 1,
      events: 1,
      metrics: true,
      text: expect.stringContaining(PROMPT),
    });
    await expectNothing(program.telemetry);
  });

  test('functions, evaluations, retries and tool calls', async () => {
    const program = await startProgram({ mayLog: true });
    const backend = startBackend();
    instrument(backend);
    const answers = [new Response('{}', { status: 500, headers: { 'retry-after-ms': '1' } })];
    const client = instrumentOpenAI(
      newClient(program, { maxRetries: 1, fetch: async (...sent) => answers.pop() ?? fetch(...sent) }),
      CONTENT,
    );
    await traced('answer', async () => client.chat.completions.create(HELLO))();
    span('step', () => undefined);
    recordEvaluation({ name: 'relevance', score: 1, responseId: 'resp_1' });
    expect(backend.spanNames().sort()).toEqual(['answer', 'attempt', 'attempt', 'chat gpt-4o', 'step']);
    expect((await backend.received()).events).toBe(2);
    await expectNothing(program.telemetry);
  });
});

describe('of several instrumentations, the newest that observes the process decides', () => {
  async function startTwo() {
    const program = await startProgram({ content: true, eventContent: true, mayLog: true });
    const [first, second] = [startBackend(), startBackend()];
    const older = instrument(first);
    const bound = instrumentOpenAI(newClient(program));
    const newer = instrument(second);
    const client = instrumentOpenAI(newClient(program), CONTENT);
    const ask = () => client.chat.completions.create(HELLO);
    return { program, first, second, older, newer, bound, ask };
  }

  test('also for a client that was instrumented in between', async () => {
    const { program, first, second, bound, ask } = await startTwo();
    await ask();
    await bound.chat.completions.create(HELLO);
    expect(second.spanNames()).toHaveLength(2);
    expect(first.spanNames()).toEqual([]);
    await expectNothing(program.telemetry);
  });

  test('until it is disabled, and again once it is enabled', async () => {
    const { first, second, older, newer, ask } = await startTwo();
    newer.disable();
    await ask();
    expect([first, second].map(({ spanNames }) => spanNames().length)).toEqual([1, 0]);
    newer.enable();
    await ask();
    expect([first, second].map(({ spanNames }) => spanNames().length)).toEqual([1, 1]);
    older.disable();
    older.enable();
    await ask();
    expect([first, second].map(({ spanNames }) => spanNames().length)).toEqual([2, 1]);
  });

  test('and without any, the registered providers do', async () => {
    const { program, older, newer, ask } = await startTwo();
    newer.disable();
    older.disable();
    await ask();
    expect(program.ended('chat')).toHaveLength(1);
  });

  test('and one without providers of its own means the registered ones', async () => {
    const { program, ask, first, second } = await startTwo();
    instrument();
    await ask();
    expect([...first.spanNames(), ...second.spanNames()]).toEqual([]);
    expect(program.ended('chat')).toHaveLength(1);
  });

  test.each(['older', 'newer'] as const)(
    'but a call stays whole if the %s one is disabled',
    async (which) => {
      const { program, first, second, ...instrumentations } = await startTwo();
      const requests = holdRequests('/chat/completions', 'unasked');
      const client = instrumentOpenAI(newClient(program, { fetch: requests.fetch }), CONTENT);
      const call = client.chat.completions.create(HELLO);
      await requests.held;
      instrumentations[which].disable();
      requests.release();
      await call;
      expect(await second.received()).toMatchObject({ spans: 1, events: 1, metrics: true });
      expect(await first.received()).toMatchObject({ spans: 0, events: 0 });
      await expectNothing(program.telemetry);
    },
  );
});

test('a provider that is replaced later receives the next call', async () => {
  const program = await startProgram({ mayLog: true });
  const [first, second] = [startBackend(), startBackend()];
  const instrumentation = instrument(first);
  const client = instrumentOpenAI(newClient(program), CONTENT);
  await client.chat.completions.create(HELLO);
  instrumentation.setTracerProvider(second.tracerProvider);
  instrumentation.setMeterProvider(second.meterProvider);
  instrumentation.setLoggerProvider(second.loggerProvider);
  await client.chat.completions.create(HELLO);
  for (const backend of [first, second])
    expect(await backend.received()).toMatchObject({ spans: 1, events: 1, metrics: true });
  await expectNothing(program.telemetry);
});

test('a provider that is not set is the registered one', async () => {
  const program = await startProgram({ mayLog: true, eventContent: true });
  const { tracerProvider, ...backend } = startBackend();
  instrument({ tracerProvider });
  const client = instrumentOpenAI(newClient(program), CONTENT);
  await client.chat.completions.create(HELLO);
  expect(await backend.received()).toMatchObject({ spans: 1, events: 0, metrics: false });
  expect(program.telemetry.spans).toEqual([]);
  expect(program.telemetry.logRecords).toHaveLength(1);
  expect(await program.telemetry.metrics()).not.toEqual([]);
});

test('providers that are registered only later are found, too', async () => {
  const program = await startProgram({ mayLog: true });
  const registered = [trace.getTracerProvider(), metrics.getMeterProvider()] as const;
  trace.disable();
  metrics.disable();
  instrument();
  const client = instrumentOpenAI(newClient(program), { captureMessageContent: false });
  trace.setGlobalTracerProvider(registered[0]);
  metrics.setGlobalMeterProvider(registered[1]);
  await client.chat.completions.create(HELLO);
  expect(program.ended('chat')).toHaveLength(1);
  expect(await program.telemetry.metrics()).not.toEqual([]);
});

describe('below a span that the registered provider does not sample, as docs/own-provider.md says,', () => {
  async function askBelow(backend: Backend, around = (active: Context): Context => active) {
    const program = await startProgram({
      mayLog: true,
      sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    });
    instrument(backend);
    // As an HTTP instrumentation of the APM records it.
    const send: typeof fetch = (...sent) =>
      trace.getTracer('http').startActiveSpan('POST', (sending) => {
        sending.end();
        return fetch(...sent);
      });
    const client = instrumentOpenAI(newClient(program, { fetch: send }), CONTENT);
    await program.inSpan(() =>
      context.with(around(context.active()), () => client.chat.completions.create(HELLO)),
    );
    return program.telemetry.spans.map(({ name }) => name);
  }

  test('a call is not recorded without a sampler', async () => {
    const backend = startBackend();
    expect(await askBelow(backend)).toEqual([]);
    expect(backend.spanNames()).toEqual([]);
  });

  test('it is with AlwaysOnSampler, and so is the span of its request', async () => {
    const backend = startBackend(new AlwaysOnSampler());
    expect(await askBelow(backend)).toEqual(['POST']);
    expect(backend.spanNames()).toEqual(['chat gpt-4o']);
  });

  test('it is without a sampler outside of that span', async () => {
    const backend = startBackend();
    await askBelow(backend, (active) => trace.deleteSpan(active));
    expect(backend.spanNames()).toEqual(['chat gpt-4o']);
  });
});
