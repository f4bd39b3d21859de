import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const sessions = new OpenAI(options).beta?.agents?.sessions;
  if (sessions?.stream === undefined) return absent('sessions.stream');
  const calls = [];
  const toolHandlers = {
    get_weather: (input) => {
      calls.push(input);
      return 'sunny';
    },
  };
  const parameters = { input: 'Hello', idempotencyKey: 'key_1', toolHandlers };
  return { read: await readAll(sessions.stream('session_3', parameters)), calls };
};
