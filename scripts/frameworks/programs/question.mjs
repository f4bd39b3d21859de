// Two calls below a span of the program. With OpenTelemetry's own instrumentation, `parse()` would fail.
import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { flush } from 'opentelemetry-instrumentation-openai/client';
import { writeResult } from './write.cjs';

const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const question = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'What is x in 3x = 6?' }] };

await trace
  .getTracer('program')
  .startActiveSpan('question', { attributes: { 'gen_ai.operation.name': 'question' } }, async (span) => {
    const { choices } = await client.chat.completions.parse(question);
    await client.chat.completions.create(question);
    span.end();
    writeResult(choices[0].message.content);
  });
await flush();
