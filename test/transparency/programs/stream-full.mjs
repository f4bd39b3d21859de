import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const params = { ...HELLO, stream: true, stream_options: { include_usage: true } };
  return readAll(await client.chat.completions.create(params));
};
