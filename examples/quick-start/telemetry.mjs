// Loaded before the program: node --import ./telemetry.mjs main.mjs
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { consoleTree, viewing } from 'opentelemetry-instrumentation-openai/export';

new NodeSDK({
  serviceName: 'quick-start',
  instrumentations: [new OpenAIInstrumentation()],
  // Prints the trace. Without this line, it goes only to the OTLP endpoint of the OTEL_* variables.
  spanProcessors: viewing(consoleTree()),
}).start();
