import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, received }) => {
  new OpenAI(options).chat.completions.create(HELLO);
  await received(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  return 'never awaited';
};
