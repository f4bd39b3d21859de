import OpenAI from 'openai';
import { caught } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return [
    await caught(() => client.models.delete?.('a') ?? client.models.del('a')),
    await caught(() => client.models.retrieve('b')),
  ];
};
