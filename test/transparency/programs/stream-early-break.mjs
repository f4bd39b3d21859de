import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, cancelled }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunks.length === 2) break;
  }
  return { chunks, aborted: stream.controller.signal.aborted, cancelled: await cancelled() };
};
