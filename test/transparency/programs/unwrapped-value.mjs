import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const promise = new OpenAI(options).chat.completions.create(HELLO);
  if (promise._thenUnwrap === undefined) {
    await promise;
    return absent('_thenUnwrap');
  }
  const text = promise._thenUnwrap((completion) => ({ text: completion.choices[0].message.content }));
  const { data, response } = await text.withResponse();
  return { data, status: response.status, same: (await text) === data };
};
