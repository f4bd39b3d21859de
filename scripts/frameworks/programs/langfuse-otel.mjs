// Langfuse exports only spans with `gen_ai.*` attributes.
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { spans } from './recorded-spans.mjs';

const keys = { publicKey: 'key', secretKey: 'key', baseUrl: 'http://127.0.0.1:1' };
const langfuse = new LangfuseSpanProcessor({ ...keys, exporter: spans, exportMode: 'immediate' });
new NodeTracerProvider({ spanProcessors: [langfuse] }).register();
new OpenAIInstrumentation();
