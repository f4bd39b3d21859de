// Loaded before the program: node --import ./telemetry.mjs main.mjs
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';

const sdk = new NodeSDK({
  serviceName: 'quick-start',
  instrumentations: [new OpenAIInstrumentation()],
  // Only to see the trace here. Without these lines it goes to the OTLP endpoint of the OTEL_* variables.
  spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleTreeExporter() })],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();

process.once('beforeExit', () => sdk.shutdown());
