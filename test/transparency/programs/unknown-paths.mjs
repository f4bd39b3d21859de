import OpenAI from 'openai';
import { caught } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return [
    await client.post('/brand/new/endpoint', { body: { a: 1 }, query: { b: 2 } }),
    await client.get('/brand/new/thing_123', { headers: { 'x-extra': 'yes' } }),
    await client.put('/brand/new/thing_123', { body: {} }),
    await client.patch('/brand/new/thing_123', { body: {} }),
    await client.delete('/brand/new/thing_123'),
    await caught(() => client.get('/brand/new/missing')),
  ];
};
