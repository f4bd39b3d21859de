import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const sessions = new OpenAI(options).beta?.agents?.sessions;
  if (sessions === undefined) return absent('agents');
  const stream = await sessions.create({ agent: { id: 'agent_1' }, stream: true });
  return readAll(stream);
};
