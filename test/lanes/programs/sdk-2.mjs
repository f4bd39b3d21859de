import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { writeAtEnd } from './write.cjs';

const spans = new InMemorySpanExporter();
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const measurements = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: measurements })],
});

tracerProvider.register();
metrics.setGlobalMeterProvider(meterProvider);
new OpenAIInstrumentation();

writeAtEnd({ tracerProvider, meterProvider, spans, measurements });
