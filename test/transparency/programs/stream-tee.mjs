import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const [left, right] = stream.tee();
  const first = [];
  for await (const chunk of left) {
    first.push(chunk);
    if (first.length === 2) break;
  }
  return { first, second: await readAll(right) };
};
