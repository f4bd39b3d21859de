const { metrics } = require('@opentelemetry/api');
const {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} = require('@opentelemetry/sdk-metrics');
const {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-node');
const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');
const { writeAtEnd } = require('./write.cjs');

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
