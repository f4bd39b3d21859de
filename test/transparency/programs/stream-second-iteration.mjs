import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const first = await readAll(stream);
  return { first, second: await readAll(stream) };
};
