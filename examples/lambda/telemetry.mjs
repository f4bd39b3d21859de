// Loaded once for each instance of the function: NODE_OPTIONS='--import ./telemetry.mjs'
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';

// In place of an OTLP exporter, to see the trees here.
const exporter = new ConsoleTreeExporter();
const processor = new BatchSpanProcessor({ exporter });

new NodeSDK({
  serviceName: 'tutor-function',
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: [processor],
  metricReaders: [],
  logRecordProcessors: [],
}).start();
