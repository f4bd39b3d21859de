import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const order = [];
  const value = await client.chat.completions
    .create(HELLO)
    .finally(() => order.push('finally'))
    .then((completion) => {
      order.push('then');
      return completion.choices;
    });
  const failure = await client.chat.completions
    .create(HELLO)
    .then(() => order.push('not reached'))
    .catch((error) => {
      order.push('catch');
      return error;
    })
    .finally(() => order.push('finally'));
  return { value, failure, order };
};
