import * as library from '@openai/agents';
import OpenAI from 'openai';
import { startRunner, summarize } from '../runtime/agents.mjs';

export default async ({ options }) => {
  const { runner, processor } = startRunner(library, new OpenAI(options));
  const told = [];
  for (const event of ['agent_start', 'agent_end', 'agent_handoff'])
    runner.on(event, (_, agent) => told.push([event, agent.name]));
  const tutor = new library.Agent({ name: 'Tutor', model: 'gpt-4o' });
  const triage = new library.Agent({ name: 'Triage', model: 'gpt-4o', handoffs: [tutor] });
  return { ...summarize(await runner.run(triage, 'Hi')), events: told, told: processor.told };
};
