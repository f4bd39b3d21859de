// A loop by hand, on chat completions.
import OpenAI from 'openai';
import { DESCRIPTION, MODEL, NAME, PARAMETERS, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const tools = [
  { type: 'function', function: { name: NAME, description: DESCRIPTION, parameters: PARAMETERS } },
];

async function main() {
  const messages = [{ role: 'user', content: QUESTION }];
  for (;;) {
    const { choices } = await client.chat.completions.create({ model: MODEL, messages, tools });
    const { message } = choices[0];
    messages.push(message);
    if (message.tool_calls === undefined) return message.content;
    for (const { id, function: called } of message.tool_calls)
      messages.push({ role: 'tool', tool_call_id: id, content: solve(JSON.parse(called.arguments)) });
  }
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));
