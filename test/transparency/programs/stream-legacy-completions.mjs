import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return readAll(
    await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Say', stream: true }),
  );
};
