import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options }) =>
  readAll(await new OpenAI(options).post('/brand/new/stream', { body: { stream: true }, stream: true }));
