import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const before = await caught(() => client.chat.completions.create(HELLO));
  const within = await caught(() => client.chat.completions.create(HELLO));
  return { before, within };
};
