// Compiled, never run: the instrumentation fits wherever OpenTelemetry takes one.
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import {
  MetadataSpanProcessor,
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
} from 'opentelemetry-instrumentation-openai';
import { CircuitBreakerExporter } from 'opentelemetry-instrumentation-openai/export';

type Instrumentations = NonNullable<
  NonNullable<ConstructorParameters<typeof NodeSDK>[0]>['instrumentations']
>;

const config: OpenAIInstrumentationConfig = { captureMessageContent: 'SPAN_ONLY', runSteps: 'observe' };

export const sdk: NodeSDK = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation(), new OpenAIInstrumentation(config)],
});

export const stamping: NodeSDK = new NodeSDK({ spanProcessors: [new MetadataSpanProcessor()] });

// Instrumentations also come in lists within the list.
export const nested: Instrumentations = [[new OpenAIInstrumentation()], new OpenAIInstrumentation({})];

// So does the circuit breaker, around the exporters of all signals.
export const spans: SpanExporter = new CircuitBreakerExporter(new OTLPTraceExporter());
export const records: LogRecordExporter = new CircuitBreakerExporter(new OTLPLogExporter());
export const reader: PeriodicExportingMetricReader = new PeriodicExportingMetricReader({
  exporter: new CircuitBreakerExporter(new OTLPMetricExporter()),
});

// Something that is no instrumentation is refused, else the above says nothing.
// @ts-expect-error
export const wrong: Instrumentations = [{ instrumentationName: 'made up' }];
