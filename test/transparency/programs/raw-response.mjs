import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const response = await new OpenAI(options).chat.completions.create(HELLO).asResponse();
  const { bodyUsed } = response;
  return { response, bodyUsed, body: await response.json() };
};
