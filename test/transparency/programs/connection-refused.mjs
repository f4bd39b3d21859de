import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI({ ...options, baseURL: 'http://127.0.0.1:9/v1' });
  return caught(() => client.chat.completions.create(HELLO));
};
