// A program whose bundle contains everything: no module hook sees `openai`, so the program instruments its client.
import { trace } from '@opentelemetry/api';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';

const provider = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleTreeExporter() })],
});
trace.setGlobalTracerProvider(provider);

const client = instrumentOpenAI(new OpenAI());
const completion = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a bundle?' }],
});
console.log(completion.choices[0]?.message.content);
await provider.shutdown();
