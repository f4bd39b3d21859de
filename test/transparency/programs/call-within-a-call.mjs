import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const inner = [];
  const client = new OpenAI({
    ...options,
    fetch: async (url, init) => {
      if (!String(url).endsWith('/models/inner')) inner.push(await client.models.retrieve('inner'));
      return fetch(url, init);
    },
  });
  return { value: await client.chat.completions.create(HELLO), inner };
};
