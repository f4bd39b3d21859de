import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, received }) => {
  const client = new OpenAI({ ...options, maxRetries: 5 });
  const controller = new AbortController();
  const promise = caught(() => client.chat.completions.create(HELLO, { signal: controller.signal }));
  await received(1);
  setTimeout(() => controller.abort(), 50);
  return promise;
};
