// The same for both processes. The trace id follows from the id of the thread, so both record one trace.
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ConversationIdGenerator, OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { consoleTree, viewing } from 'opentelemetry-instrumentation-openai/export';

new NodeSDK({
  idGenerator: new ConversationIdGenerator(),
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: viewing(consoleTree({ summary: process.env.TREE_SUMMARY === 'true' })),
}).start();
