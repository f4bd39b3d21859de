const {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} = require('@opentelemetry/sdk-metrics');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace');
const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');
const { writeAtEnd } = require('./write.cjs');

const spans = new InMemorySpanExporter();
const measurements = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

const sdk = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  metricReaders: [new PeriodicExportingMetricReader({ exporter: measurements })],
});
sdk.start();

writeAtEnd({ sdk, spans, measurements });
