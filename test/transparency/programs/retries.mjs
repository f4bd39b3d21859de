import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI({ ...options, maxRetries: 2 });
  const { data, response } = await client.chat.completions.create(HELLO).withResponse();
  return { data, response };
};
