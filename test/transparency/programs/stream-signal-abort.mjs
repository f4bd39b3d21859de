import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, cancelled }) => {
  const controller = new AbortController();
  const { signal } = controller;
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true }, { signal });
  const chunks = [];
  const outcome = await caught(async () => {
    for await (const chunk of stream) {
      chunks.push(chunk);
      if (chunks.length === 2) controller.abort();
    }
  });
  return { chunks, outcome, cancelled: await cancelled() };
};
