import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const promise = new OpenAI(options).chat.completions.create(HELLO);
  if (promise._thenUnwrap === undefined) {
    await promise;
    return absent('_thenUnwrap');
  }
  const response = await promise._thenUnwrap(() => 'never made').asResponse();
  const { bodyUsed } = response;
  return { bodyUsed, body: await response.json() };
};
