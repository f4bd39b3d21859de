import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return caught(() => client.chat.completions.create(HELLO, { timeout: 1_000, maxRetries: 1 }));
};
