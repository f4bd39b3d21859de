import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  const outcome = await caught(() => iterator.throw(new Error('thrown into')));
  return { outcome, after: await iterator.next() };
};
