import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, cancelled }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const reader = stream.toReadableStream().getReader();
  const first = await reader.read();
  await reader.cancel();
  return { first, cancelled: await cancelled() };
};
