// The same for both processes. The trace id follows from the id of the thread, so that both record it in one trace.
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { ConversationIdGenerator, OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';

const sdk = new NodeSDK({
  idGenerator: new ConversationIdGenerator(),
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleTreeExporter({ summary: true }) })],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();

process.once('beforeExit', () => sdk.shutdown());
