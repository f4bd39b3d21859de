import * as library from '@openai/agents';
import OpenAI from 'openai';
import { newTool, startRunner, summarize } from '../runtime/agents.mjs';

export default async ({ options }) => {
  const { runner, processor } = startRunner(library, new OpenAI(options));
  const echo = newTool(library, 'echo', () => 'Yes');
  const agent = new library.Agent({ name: 'Helper', model: 'gpt-4o', tools: [echo] });
  const run = await runner.run(agent, 'Hi', { stream: true });
  const events = [];
  for await (const { type, name, data } of run) events.push({ type, name, data });
  await run.completed;
  return { ...summarize(run), events, told: processor.told };
};
