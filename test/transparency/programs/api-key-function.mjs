import OpenAI, * as openai from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  if (openai.InvalidWebhookSignatureError === undefined) return absent('a key by function');
  let calls = 0;
  const client = new OpenAI({ ...options, apiKey: async () => `sk-${++calls}` });
  const first = await client.chat.completions.create(HELLO);
  const failing = new OpenAI({ ...options, apiKey: () => Promise.reject(new Error('no key')) });
  return { first, calls, failing: await caught(() => failing.chat.completions.create(HELLO)) };
};
