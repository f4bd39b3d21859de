import { registerOTel } from '@vercel/otel';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { recorder } from './recorded-spans.mjs';

registerOTel({
  serviceName: 'tutor',
  instrumentations: [new OpenAIInstrumentation()],
  spanProcessors: [recorder],
});
