import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const promise = new OpenAI(options).chat.completions.create({ ...HELLO, stream: true });
  const response = await promise.asResponse();
  const { bodyUsed } = response;
  return { bodyUsed, text: await response.text() };
};
