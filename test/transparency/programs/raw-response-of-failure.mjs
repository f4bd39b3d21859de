import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return caught(() => client.chat.completions.create(HELLO).asResponse());
};
