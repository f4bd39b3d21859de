import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const controller = new AbortController();
  const completion = await client.chat.completions.create(HELLO, { signal: controller.signal });
  controller.abort();
  return completion;
};
