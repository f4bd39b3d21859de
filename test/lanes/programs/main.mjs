import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { VERSION } from 'openai/version';
import scenarios from './scenarios.cjs';
import { writeResult } from './write.cjs';

const client = new OpenAI({ apiKey: 'sk-secret', baseURL: process.env.BASE_URL, maxRetries: 0 });
const scenario = scenarios[process.env.SCENARIO];
const tracer = trace.getTracer('program');

await tracer.startActiveSpan('program', async (span) => {
  writeResult(await scenario(client, VERSION));
  span.end();
});
