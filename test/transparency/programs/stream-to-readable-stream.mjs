import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const reader = stream.toReadableStream().getReader();
  const lines = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) lines.push(part.value);
  return lines;
};
