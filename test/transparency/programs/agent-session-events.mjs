import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const sessions = new OpenAI(options).beta?.agents?.sessions;
  if (sessions === undefined) return absent('agents');
  return readAll(await sessions.events.stream('session_2'));
};
