import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, cancelled }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const outcome = await caught(async () => {
    for await (const chunk of stream) throw new Error(`No use for ${chunk.object}.`);
  });
  return { outcome, cancelled: await cancelled() };
};
