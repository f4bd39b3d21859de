// An agent with a tool, once in one piece and once streamed.

import { tool } from '@llamaindex/core/tools';
import { openai } from '@llamaindex/openai';
import { agent, agentStreamEvent } from '@llamaindex/workflow';
import { z } from 'zod';
import { DESCRIPTION, MODEL, NAME, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const solving = tool({
  name: NAME,
  description: DESCRIPTION,
  parameters: z.object({ equation: z.string() }),
  execute: solve,
});
const llm = openai({ model: MODEL, apiKey: 'test', maxRetries: 0, baseURL: process.env.BASE_URL });

async function main() {
  const { message } = await llm.chat({ messages: [{ role: 'user', content: 'Hello' }] });
  const run = agent({ llm, tools: [solving] }).runStream(QUESTION);
  const pieces = [];
  for await (const event of run) if (agentStreamEvent.include(event)) pieces.push(event.data.delta);
  return { answer: message, pieces };
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));
