import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  const second = await readAll(stream);
  return { first, second, rest: await readAll(iterator) };
};
