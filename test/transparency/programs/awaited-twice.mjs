import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const promise = new OpenAI(options).chat.completions.create(HELLO);
  const [first, second] = [await promise, await promise];
  return { first, same: first === second };
};
