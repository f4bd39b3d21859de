// Sentry observes each promise of `openai`, and reads the raw response before the program does.
import { createRequire } from 'node:module';
import { DESCRIPTION, MODEL, NAME, PARAMETERS, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const require = createRequire(import.meta.url);
const Sentry = require('@sentry/node');
const sent = [];
Sentry.init({
  dsn: 'https://key@127.0.0.1/1',
  tracesSampleRate: 1,
  // Sends no trace headers, because they have random ids.
  tracePropagationTargets: [],
  transport: () => ({
    send: async ([, items]) => {
      sent.push(...items);
      return {};
    },
    flush: async () => true,
  }),
});
const { OpenAI } = require('openai');

const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const tools = [
  { type: 'function', function: { name: NAME, description: DESCRIPTION, parameters: PARAMETERS } },
];
const messages = [{ role: 'user', content: QUESTION }];

async function ask() {
  const { choices, usage } = await client.chat.completions.create({ model: MODEL, messages, tools });
  messages.push(choices[0].message);
  return { message: choices[0].message, usage };
}

async function main() {
  const first = await ask();
  for (const call of first.message.tool_calls ?? []) {
    const content = solve(JSON.parse(call.function.arguments));
    messages.push({ role: 'tool', tool_call_id: call.id, content });
  }
  const second = await ask();
  const { data, response } = await client.chat.completions.create({ model: MODEL, messages }).withResponse();
  const texts = [];
  const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
  for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? '');
  return [first.usage, second.message.content, data.usage, response.status, texts.join('')];
}

const result = await Sentry.startSpan({ name: 'question', op: 'test' }, main);
await Sentry.flush();
// Sentry's own spans of the calls show that it was active.
writeResult([...result, sent.length > 0]);
