import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const errors = [];
  for (let answer = 0; answer < 5; answer++)
    errors.push(await caught(() => client.chat.completions.create(HELLO)));
  return errors;
};
