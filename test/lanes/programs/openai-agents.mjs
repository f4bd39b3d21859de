// The same with a library for agents.
import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents';
import OpenAI from 'openai';
import { DESCRIPTION, MODEL, NAME, PARAMETERS, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const solving = tool({
  name: NAME,
  description: DESCRIPTION,
  parameters: PARAMETERS,
  strict: true,
  execute: solve,
});
const tutor = new Agent({ name: 'Math Tutor', model: MODEL, tools: [solving] });
const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client }) });

async function main() {
  const { finalOutput } = await runner.run(tutor, QUESTION);
  return finalOutput;
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));
