// Loaded once for each instance of the function: NODE_OPTIONS='--import ./telemetry.mjs'
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { consoleTree, viewing } from 'opentelemetry-instrumentation-openai/export';

new NodeSDK({
  serviceName: 'tutor-function',
  instrumentations: [new OpenAIInstrumentation()],
  // Prints the traces, and sends them to the OTLP endpoint of the OTEL_* variables.
  spanProcessors: viewing(consoleTree()),
}).start();
