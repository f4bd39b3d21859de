import * as library from '@openai/agents';
import OpenAI from 'openai';
import { startRunner } from '../runtime/agents.mjs';

export default async ({ options }) => {
  const { runner } = startRunner(library, new OpenAI(options));
  const agent = new library.Agent({ name: 'Helper', model: 'gpt-4o' });
  const run = await runner.run(agent, 'Hi', { stream: true });
  const types = [];
  for await (const { type } of run) {
    types.push(type);
    break;
  }
  await run.completed.catch(() => undefined);
  return { types, cancelled: run.cancelled };
};
