import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { responses } = new OpenAI(options);
  if (responses === undefined) return absent('responses');
  return readAll(await responses.create({ model: 'gpt-4o', input: 'Hello', stream: true }));
};
