import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { vectorStores } = new OpenAI(options);
  if (vectorStores?.search === undefined) return absent('vectorStores.search');
  return readAll(vectorStores.search('vs_1', { query: 'What?' }));
};
