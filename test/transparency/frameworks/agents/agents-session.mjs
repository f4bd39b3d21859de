import * as library from '@openai/agents';
import OpenAI from 'openai';
import { startRunner, summarize } from '../runtime/agents.mjs';

export default async ({ options }) => {
  const { runner } = startRunner(library, new OpenAI(options));
  const agent = new library.Agent({ name: 'Helper', model: 'gpt-4o' });
  const session = new library.MemorySession({ sessionId: 'session-1' });
  const results = [];
  for (const input of ['Hi', 'And?']) results.push(summarize(await runner.run(agent, input, { session })));
  return { results, items: await session.getItems(), run: [runner.run.name, runner.run.length] };
};
