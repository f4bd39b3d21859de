// The setup of both processes. The trace id is derived from the thread's id, so both record the same trace.
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ConversationIdGenerator, OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { consoleTree, viewing } from 'opentelemetry-instrumentation-openai/export';

new NodeSDK({
  idGenerator: new ConversationIdGenerator(),
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: viewing(consoleTree({ summary: process.env.TREE_SUMMARY === 'true' })),
}).start();
