import { describe, expect, test } from 'vitest';
import { traceIdOf } from '../../src/helpers/conversation-id-generator.ts';
import { runProgram } from '../support/lanes/program.ts';

/** What differs between the lines of OpenTelemetry. */
interface Line {
  readonly lane: string;
  /** Where the API of logs is. */
  readonly logs: string;
  /** Where the span processor is, and how it is given its exporter. */
  readonly traceSdk: string;
  readonly parameter: string;
}

const LINES: readonly Line[] = [
  {
    lane: 'clean-sdk-2-node',
    logs: '@opentelemetry/api-logs',
    traceSdk: '@opentelemetry/sdk-trace-base',
    parameter: 'spans',
  },
  {
    lane: 'clean-sdk-3-node',
    logs: '@opentelemetry/api',
    traceSdk: '@opentelemetry/sdk-trace',
    parameter: '{ exporter: spans }',
  },
];

/** What a program prints last. */
async function printedBy(
  { lane }: Line,
  text: string,
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const { stdout } = await runProgram({ lane, source: { format: 'mjs', text }, env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/**
 * `NodeSDK` with OTLP exporters of all three signals, each behind a breaker that opens at the first failure, and
 * nothing that listens at the endpoint. Prints what each breaker dropped.
 */
function exportingIn({ logs, traceSdk, parameter }: Line): string {
  return `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { metrics, trace } from '@opentelemetry/api';
import { logs } from '${logs}';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor } from '${traceSdk}';
import { CircuitBreakerExporter } from 'opentelemetry-instrumentation-openai/export';

const protect = (exporter) => new CircuitBreakerExporter(exporter, { failures: 1 });
const spans = protect(new OTLPTraceExporter());
const points = protect(new OTLPMetricExporter({ temporalityPreference: 0 }));
const records = protect(new OTLPLogExporter());
const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 60_000 });
const sdk = new NodeSDK({
  spanProcessors: [new SimpleSpanProcessor(${parameter})],
  metricReaders: [reader],
  logRecordProcessors: [new SimpleLogRecordProcessor({ exporter: records })],
});
sdk.start();
const counter = metrics.getMeter('test').createCounter('calls');
const recordAll = async () => {
  trace.getTracer('test').startSpan('span').end();
  logs.getLogger('test').emit({ body: 'record' });
  counter.add(1);
  await reader.forceFlush().catch(() => undefined);
};
await recordAll();
while (!spans.open || !points.open || !records.open) await new Promise((resolve) => setTimeout(resolve, 5));
for (let index = 0; index < 3; index++) await recordAll();
console.log(JSON.stringify({
  spans: spans.dropped,
  points: points.dropped,
  records: records.dropped,
  temporality: points.selectAggregationTemporality('COUNTER'),
}));
await sdk.shutdown();
`;
}

/** Starts `NodeSDK` with a logger after the instrumentation was made, as programs do, and prints what it recorded. */
const RECORDING = `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';

const records = [];
const nothing = { forceFlush: async () => {}, shutdown: async () => {} };
const sdk = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation({ captureMessageContent: 'EVENT_ONLY' })],
  spanProcessors: [{ ...nothing, onStart: () => {}, onEnd: () => {} }],
  logRecordProcessors: [{ ...nothing, onEmit: (record) => records.push(record) }],
});
sdk.start();
const { default: OpenAI } = await import('openai');
const answer = { id: 'chatcmpl_1', object: 'chat.completion', model: 'm', choices: [
  { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi' } },
] };
let status = 200;
const fetch = async () => Response.json(status === 200 ? answer : {}, { status });
const client = new OpenAI({ apiKey: 'test', fetch, maxRetries: 0 });
const request = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
await client.chat.completions.create(request);
status = 400;
await client.chat.completions.create(request).catch(() => undefined);
await sdk.shutdown();
console.log(JSON.stringify(records.map(({ eventName, severityNumber, spanContext, attributes }) => ({
  eventName, severityNumber, correlated: spanContext?.traceId.length === 32, input: attributes['gen_ai.input.messages'],
}))));
`;

const DETAILS = {
  eventName: 'gen_ai.client.inference.operation.details',
  severityNumber: 5,
  correlated: true,
  input: [{ role: 'user', parts: [{ type: 'text', content: 'Hello' }] }],
};

/** Works on forty threads without an active span, and prints the trace of each that was sampled. */
const SAMPLED = `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ConversationIdGenerator, OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';

const traces = {};
const nothing = { forceFlush: async () => {}, shutdown: async () => {} };
const onEnd = (span) => { traces[span.attributes['openai.thread.id']] = span.spanContext().traceId; };
const sdk = new NodeSDK({
  idGenerator: new ConversationIdGenerator(),
  instrumentations: [new OpenAIInstrumentation({ runSteps: 'off' })],
  spanProcessors: [{ ...nothing, onStart: () => {}, onEnd }],
});
sdk.start();
const { default: OpenAI } = await import('openai');
const fetch = async (url) => {
  const thread_id = String(url).match(/thread_[0-9]+/)[0];
  return Response.json({ id: 'run_' + thread_id, object: 'thread.run', status: 'completed', thread_id });
};
const client = new OpenAI({ apiKey: 'test', fetch, maxRetries: 0 });
for (let index = 0; index < 40; index++)
  await client.beta.threads.runs.create('thread_' + index, { assistant_id: 'asst_1' });
await sdk.shutdown();
console.log(JSON.stringify(traces));
`;

const HALF = {
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.5',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
};

describe.each(LINES)('NodeSDK of $lane', (line) => {
  test('drops data after the first failure behind circuit breakers', async () => {
    const dropped = await printedBy(line, exportingIn(line), {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
    });
    expect(dropped).toEqual({ spans: 3, points: 3, records: 3, temporality: 0 });
  });

  test('gets events as log records of the provider that it registers', async () => {
    expect(await printedBy(line, RECORDING, { OTEL_METRICS_EXPORTER: 'none' })).toEqual([
      DETAILS,
      DETAILS,
      { eventName: 'gen_ai.client.operation.exception', severityNumber: 13, correlated: true },
    ]);
  });

  test('has all processes record the same threads in the same traces', async () => {
    const first = await printedBy(line, SAMPLED, HALF);
    const ids = Object.keys(first);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(40);
    expect(first).toEqual(Object.fromEntries(ids.map((id) => [id, traceIdOf(id)])));
    expect(await printedBy(line, SAMPLED, HALF)).toEqual(first);
  });
});
