import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  return stream[Symbol.asyncIterator]().next();
};
