import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const promise = new OpenAI(options).chat.completions.create(HELLO);
  const { status, bodyUsed } = await promise.asResponse();
  return { status, bodyUsed, value: await promise };
};
