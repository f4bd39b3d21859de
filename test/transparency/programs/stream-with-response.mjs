import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const promise = new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const { data, response } = await promise.withResponse();
  return { status: response.status, headers: response.headers, read: await readAll(data) };
};
