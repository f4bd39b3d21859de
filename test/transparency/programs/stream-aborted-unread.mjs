import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options, cancelled }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  stream.controller.abort();
  const seen = await cancelled();
  // In openai 4 nothing ever comes of it.
  const never = new Promise((resolve) => setTimeout(resolve, 300, 'nothing comes'));
  return { seen, read: await Promise.race([readAll(stream), never]) };
};
