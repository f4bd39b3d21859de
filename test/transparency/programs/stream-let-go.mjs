import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, cancelled }) => {
  const stream = await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  stream.controller.abort();
  return { cancelled: await cancelled(), aborted: stream.controller.signal.aborted };
};
