import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return [
    await caught(() => client.chat.completions.create(HELLO, { timeout: -1 })),
    await caught(() => client.chat.completions.create(HELLO, { timeout: 'soon' })),
  ];
};
