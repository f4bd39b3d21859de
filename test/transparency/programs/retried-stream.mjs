import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI({ ...options, maxRetries: 1 });
  return readAll(await client.chat.completions.create({ ...HELLO, stream: true }));
};
