import { describe, expect, test } from 'vitest';
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

/**
 * `NodeSDK` with OTLP exporters of all three signals, each behind a breaker that opens at the first failure, and
 * nothing that listens at the endpoint. Prints what each breaker dropped.
 */
function programOf({ logs, traceSdk, parameter }: Line): string {
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

describe('a circuit breaker around the exporters of NodeSDK drops data after the first failure', () => {
  test.each(LINES)('$lane', async (line) => {
    const { stdout } = await runProgram({
      lane: line.lane,
      source: { format: 'mjs', text: programOf(line) },
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
    });
    expect(JSON.parse(stdout)).toEqual({ spans: 3, points: 3, records: 3, temporality: 0 });
  });
});
