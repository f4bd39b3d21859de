import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const client = new OpenAI(options);
  const completions = client.chat.completions.parse
    ? client.chat.completions
    : client.beta?.chat?.completions;
  if (completions?.parse === undefined) return absent('parse');
  const response = await completions.parse(HELLO).asResponse();
  const { bodyUsed } = response;
  return { bodyUsed, body: await response.json() };
};
