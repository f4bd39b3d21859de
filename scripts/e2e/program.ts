/**
 * The Math Tutor as a separate program: it sends its spans and metrics by OTLP to the endpoint of the standard
 * variables, and writes what it sent into a file.
 *
 *   OTEL_EXPORTER_OTLP_ENDPOINT=… node scripts/e2e/program.ts grpc sent.json
 */
import { writeFile } from 'node:fs/promises';
import { OTLPMetricExporter as GrpcMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as HttpMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { SentMetrics, SentSpans } from './sent.ts';

const [protocol, file = 'sent.json'] = process.argv.slice(2);
const spans = new SentSpans();
const metrics = new SentMetrics();
const [traceExporter, metricExporter]: [SpanExporter, PushMetricExporter] =
  protocol === 'grpc'
    ? [new GrpcTraceExporter(), new GrpcMetricExporter()]
    : [new HttpTraceExporter(), new HttpMetricExporter()];
const { OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER } = process.env;
// Exports only once, when the program ends.
const readerOf = (exporter: PushMetricExporter): PeriodicExportingMetricReader =>
  new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 });

const sdk = new NodeSDK({
  serviceName: 'math-tutor',
  instrumentations: [new OpenAIInstrumentation({ captureMessageContent: 'SPAN_ONLY' })],
  spanProcessors: [
    spans,
    ...(OTEL_TRACES_EXPORTER === 'none' ? [] : [new BatchSpanProcessor({ exporter: traceExporter })]),
  ],
  metricReaders: [readerOf(metrics), ...(OTEL_METRICS_EXPORTER === 'none' ? [] : [readerOf(metricExporter)])],
  logRecordProcessors: [],
});
sdk.start();
// Modules that use `openai` are imported after the instrumentation.
const { tutor } = await import('../../examples/math-tutor/tutoring.ts');
await tutor();
await sdk.shutdown();
await writeFile(file, JSON.stringify({ spans: spans.ended, metrics: metrics.last }));
