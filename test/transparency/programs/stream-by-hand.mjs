import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const iterator = stream[Symbol.asyncIterator]();
  // A generator queues what it is asked for.
  const both = await Promise.all([iterator.next(), iterator.next()]);
  const returned = await iterator.return('a value');
  const after = await iterator.next();
  return { both, returned, after, itself: iterator[Symbol.asyncIterator]() === iterator };
};
