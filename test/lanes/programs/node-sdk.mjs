import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { writeAtEnd } from './write.cjs';

const spans = new InMemorySpanExporter();
const measurements = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

const sdk = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  metricReaders: [new PeriodicExportingMetricReader({ exporter: measurements })],
});
sdk.start();

writeAtEnd({ sdk, spans, measurements });
