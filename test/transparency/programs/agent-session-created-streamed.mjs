import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const sessions = new OpenAI(options).beta?.agents?.sessions;
  if (sessions === undefined) return absent('agents');
  const stream = await sessions.create({
    agent_id: 'agent_1',
    environment: { type: 'none' },
    input: 'Rain?',
    stream: true,
  });
  return readAll(stream);
};
