import * as library from '@openai/agents';
import OpenAI from 'openai';
import { newTool, startRunner, summarize } from '../runtime/agents.mjs';

export default async ({ options }) => {
  const { runner, processor } = startRunner(library, new OpenAI(options));
  const given = [];
  const echo = newTool(library, 'echo', async (input, context) => {
    given.push([input, Object.keys(context)]);
    await Promise.resolve();
    return { echo: input };
  });
  const agent = new library.Agent({ name: 'Helper', model: 'gpt-4o', instructions: 'Help.', tools: [echo] });
  return { ...summarize(await runner.run(agent, 'Hi')), given, told: processor.told };
};
