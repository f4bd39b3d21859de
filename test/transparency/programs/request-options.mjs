import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI({
    ...options,
    organization: 'org_1',
    defaultHeaders: { 'x-default': 'default' },
    defaultQuery: { flavour: 'vanilla' },
  });
  const headers = { 'x-own': 'own', 'x-default': null };
  return client.chat.completions.create(HELLO, { headers, query: { more: 'yes' }, idempotencyKey: 'key_1' });
};
