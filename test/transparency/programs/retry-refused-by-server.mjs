import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI({ ...options, maxRetries: 3 });
  return caught(() => client.chat.completions.create(HELLO));
};
