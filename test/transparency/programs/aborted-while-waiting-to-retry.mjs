import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const controller = new AbortController();
  const client = new OpenAI({
    ...options,
    maxRetries: 5,
    fetch: async (...args) => {
      const response = await fetch(...args);
      setTimeout(() => controller.abort(), 50);
      return response;
    },
  });
  return caught(() => client.chat.completions.create(HELLO, { signal: controller.signal }));
};
