import * as openai from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { BedrockOpenAI } = openai;
  if (BedrockOpenAI === undefined) return absent('BedrockOpenAI');
  let tokens = 0;
  const client = new BedrockOpenAI({
    baseURL: options.baseURL,
    maxRetries: 0,
    bedrockTokenProvider: async () => `token-${++tokens}`,
  });
  return {
    value: await client.chat.completions.create(HELLO),
    stream: await readAll(await client.chat.completions.create({ ...HELLO, stream: true })),
    tokens,
  };
};
