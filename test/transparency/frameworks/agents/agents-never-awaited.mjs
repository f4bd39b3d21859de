import * as library from '@openai/agents';
import OpenAI from 'openai';
import { startRunner } from '../runtime/agents.mjs';

export default async ({ options, received }) => {
  const { runner } = startRunner(library, new OpenAI(options));
  // The rejection is nobody's: the process hears of it.
  runner.run(new library.Agent({ name: 'Helper', model: 'gpt-4o' }), 'Hi');
  await received(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
};
