import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) =>
  readAll(await new OpenAI(options).chat.completions.create({ ...HELLO, stream: true }));
