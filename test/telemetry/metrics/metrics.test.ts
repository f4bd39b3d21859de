import {
  type Attributes,
  type BatchObservableCallback,
  type Context,
  createNoopMeter,
  type Meter,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { describe, expect, test, vi } from 'vitest';
import { ChatAccumulator } from '../../../src/operations/chat/accumulator.ts';
import { NO_USAGE } from '../../../src/telemetry/cost/usage.ts';
import { ChunkGaps, Metrics, operationDimensions } from '../../../src/telemetry/metrics/metrics.ts';
import { ASKS_FOR_X, outputsFor, startTutor } from '../../support/tutor.ts';
import { openSession } from '../../support/use-session.ts';

interface Recorded {
  readonly metric: string;
  readonly value: number;
  readonly attributes: Attributes;
  readonly context: Context | undefined;
}

/** A provider that writes down what is recorded, with the context that an exemplar would take. */
class RecordingProvider implements MeterProvider {
  readonly recorded: Recorded[] = [];
  readonly #callbacks: BatchObservableCallback[] = [];

  getMeter(): Meter {
    const { recorded } = this;
    const instrument = (metric: string): object => ({
      metric,
      record: (value: number, attributes: Attributes = {}, context?: Context) =>
        void recorded.push({ metric, value, attributes, context }),
    });
    return {
      ...createNoopMeter(),
      createHistogram: instrument,
      createObservableGauge: instrument,
      addBatchObservableCallback: (callback: BatchObservableCallback) => void this.#callbacks.push(callback),
    } as unknown as Meter;
  }

  /** What a reader gets now: `metric model=value`. */
  collect(): string[] {
    const lines: string[] = [];
    for (const callback of this.#callbacks) {
      void callback({
        observe: (gauge, value, attributes = {}) => {
          const { metric } = gauge as unknown as Recorded;
          lines.push(`${metric.split('.').at(-1)} ${attributes['gen_ai.request.model']}=${value}`);
        },
      });
    }
    return lines;
  }
}

function record(): { provider: RecordingProvider; recorder: Metrics } {
  const provider = new RecordingProvider();
  const recorder = new Metrics();
  recorder.setMeterProvider(provider);
  return { provider, recorder };
}

const ALL: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.response.model': 'gpt-4o-2024-08-06',
  'gen_ai.response.id': 'chatcmpl-1',
  'gen_ai.usage.input_tokens': 5,
  'server.address': 'api.openai.com',
  'server.port': 443,
  'openai.request.id': 'req_1',
  'openai.response.service_tier': 'default',
  'openai.response.system_fingerprint': 'fp_1',
};

const STREAMED = { model: 'gpt-4o', messages: [], stream: true as const };

test('metrics have few dimensions, and chunk metrics fewer', () => {
  const { 'gen_ai.response.id': _, 'gen_ai.usage.input_tokens': __, 'openai.request.id': ___, ...few } = ALL;
  expect(operationDimensions(ALL, {})).toEqual(few);
  const { 'openai.response.service_tier': ____, 'openai.response.system_fingerprint': _____, ...fewer } = few;
  expect(operationDimensions(ALL, {}, true)).toEqual(fewer);
});

test('every value is recorded in the context of its span, for exemplars', () => {
  const { provider, recorder } = record();
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
  const context = trace.setSpan(ROOT_CONTEXT, span);
  const usage = { ...NO_USAGE, inputTokens: 3, outputTokens: 2 };
  recorder.recordOperation(ALL, {}, { seconds: 1, usage, cost: 0.5, timeToFirstChunk: 0.1 }, context);
  recorder.recordChunks([0.2, 0.3], ALL, {}, context);
  recorder.recordLocalDuration(
    4,
    { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'f' },
    undefined,
    context,
  );
  expect(provider.recorded.map(({ metric, value }) => [metric, value])).toEqual([
    ['openai.client.cost', 0.5],
    ['gen_ai.client.operation.duration', 1],
    ['gen_ai.client.token.usage', 3],
    ['gen_ai.client.token.usage', 2],
    ['gen_ai.client.operation.time_to_first_chunk', 0.1],
    ['gen_ai.client.operation.time_per_output_chunk', 0.2],
    ['gen_ai.client.operation.time_per_output_chunk', 0.3],
    ['gen_ai.execute_tool.duration', 4],
  ]);
  const spans = provider.recorded.map((one): Span | undefined => one.context && trace.getSpan(one.context));
  expect(spans).toEqual(provider.recorded.map(() => span));
});

test('a stream that a shutdown interrupts still has its time to the first chunk', () => {
  const { provider, recorder } = record();
  recorder.recordOperation(ALL, {}, { timeToFirstChunk: 0.1 }, ROOT_CONTEXT);
  expect(provider.recorded.map(({ metric, value }) => [metric, value])).toEqual([
    ['gen_ai.client.operation.time_to_first_chunk', 0.1],
  ]);
});

test('a call records in the context of its own span', async () => {
  const prices = { '*': { input_mtok: 1, output_mtok: 1 } };
  const session = await openSession({ config: { prices, cost: true, chunkMetrics: 'each' } });
  const provider = new RecordingProvider();
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  const streamed = { ...STREAMED, stream_options: { include_usage: true } };
  await Array.fromAsync(await session.client.chat.completions.create(streamed));
  const [span] = session.spans;
  expect(new Set(provider.recorded.map(({ metric }) => metric)).size).toBe(5);
  for (const { context } of provider.recorded)
    expect(context && trace.getSpanContext(context)).toEqual(span?.spanContext());
});

test('a long stream is accumulated once while it is open, and again at its end', async () => {
  const session = await openSession({ config: { chunkMetrics: 'each' } });
  const provider = new RecordingProvider();
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  const together = vi.spyOn(ChatAccumulator.prototype, 'result');
  const choices = [{ index: 0, delta: { content: 'a' }, finish_reason: 'stop' }];
  const chunk = { id: 'chatcmpl-1', model: 'gpt-4o-2024', choices };
  session.simulator.next({ sse: [...Array.from({ length: 10_000 }, () => ({ data: chunk })), 'done'] });
  await Array.fromAsync(await session.client.chat.completions.create(STREAMED));
  expect(together).toHaveBeenCalledTimes(2);
  const gaps = provider.recorded.filter(({ metric }) => metric.endsWith('time_per_output_chunk'));
  expect(gaps).toHaveLength(9_999);
  expect(new Set(gaps.map(({ attributes }) => attributes['gen_ai.response.model']))).toEqual(
    new Set(['gpt-4o-2024']),
  );
  together.mockRestore();
});

describe('the duration of a tool', () => {
  test('is grouped by tool, according to the conventions', () => {
    const { provider, recorder } = record();
    const attributes = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'add',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.agent.name': 'Tutor',
    };
    recorder.recordLocalDuration(-1, attributes, 'TypeError', ROOT_CONTEXT);
    expect(provider.recorded.map(({ value, attributes }) => [value, attributes])).toEqual([
      [
        0,
        {
          'gen_ai.tool.name': 'add',
          'gen_ai.tool.type': 'function',
          'gen_ai.agent.name': 'Tutor',
          'error.type': 'TypeError',
        },
      ],
    ]);
  });

  test.each([
    ['sampled', {}],
    ['not sampled', { sampler: { shouldSample: () => ({ decision: 0 }), toString: () => 'none' } }],
  ])('is recorded once for a function of a run that is %s', async (_, options) => {
    const { client, points, run } = await startTutor({ runs: [ASKS_FOR_X], ...options });
    const asking = await run();
    await client.beta.threads.runs.submitToolOutputsAndPoll(asking.id, outputsFor(asking));
    const attributes = {
      'gen_ai.tool.name': 'get_x',
      'gen_ai.tool.type': 'function',
      'gen_ai.agent.name': 'Math Tutor',
    };
    expect(await points('gen_ai.execute_tool.duration')).toMatchObject([{ attributes, count: 1 }]);
  });
});

test('the gaps between chunks are kept until they are read, and of a long stream not all', () => {
  const gaps = new ChunkGaps();
  for (const time of [1_000, 1_250, 1_250, 1_500]) expect(gaps.add(time)).toBe(false);
  expect(gaps.take()).toEqual([0.25, 0, 0.25]);
  expect(gaps.take()).toEqual([]);
  const recorded: number[] = [];
  for (let time = 1; time <= 5_000; time++) if (gaps.add(time)) recorded.push(gaps.take().length);
  expect(recorded).toEqual([2_048, 2_048]);
});

describe('rate limits', () => {
  const limits = (model: string, remaining: number): [limits: Attributes, operation: Attributes] => [
    { 'openai.ratelimit.limit_requests': 100, 'openai.ratelimit.remaining_requests': remaining },
    { 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': model },
  ];

  test('are gauges of the latest response for each model', () => {
    const { provider, recorder } = record();
    recorder.seeRateLimits(...limits('a', 99));
    recorder.seeRateLimits(...limits('b', 50));
    recorder.seeRateLimits(...limits('a', 98));
    expect(provider.collect().sort()).toEqual([
      'limit_requests a=100',
      'limit_requests b=100',
      'remaining_requests a=98',
      'remaining_requests b=50',
    ]);
    expect(provider.recorded).toEqual([]);
  });

  test('are reported until ten minutes after the last answer, and make room for other models then', () => {
    const { provider, recorder } = record();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    for (let model = 0; model < 100; model++) recorder.seeRateLimits(...limits(`m${model}`, 1));
    clock.mockReturnValue(599_000);
    expect(provider.collect()).toHaveLength(200);
    clock.mockReturnValue(601_000);
    expect(provider.collect()).toEqual([]);
    recorder.seeRateLimits(...limits('new', 1));
    expect(provider.collect().sort()).toEqual(['limit_requests new=100', 'remaining_requests new=1']);
    clock.mockRestore();
  });

  test('are kept for a limited number of models', () => {
    const { provider, recorder } = record();
    for (let model = 0; model < 500; model++) recorder.seeRateLimits(...limits(`m${model}`, 1));
    expect(provider.collect()).toHaveLength(200);
  });

  test('are observed once, with any number of clients with their own settings', () => {
    const { provider, recorder } = record();
    const other = new Metrics();
    other.setMeterProvider(provider);
    recorder.seeRateLimits(...limits('a', 99));
    other.seeRateLimits(...limits('a', 98));
    expect(provider.collect()).toEqual(['limit_requests a=100', 'remaining_requests a=98']);
  });
});
