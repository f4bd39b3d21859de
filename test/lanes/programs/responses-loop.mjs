// A loop by hand, on Responses.
import OpenAI from 'openai';
import { DESCRIPTION, MODEL, NAME, PARAMETERS, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const tools = [
  { type: 'function', name: NAME, description: DESCRIPTION, parameters: PARAMETERS, strict: true },
];

async function main() {
  let response = await client.responses.create({ model: MODEL, input: QUESTION, tools });
  for (;;) {
    const calls = response.output.filter(({ type }) => type === 'function_call');
    if (calls.length === 0) return response.output_text;
    const input = calls.map(({ call_id, arguments: given }) => ({
      type: 'function_call_output',
      call_id,
      output: solve(JSON.parse(given)),
    }));
    response = await client.responses.create({
      model: MODEL,
      previous_response_id: response.id,
      input,
      tools,
    });
  }
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));
