import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => new OpenAI(options).chat.completions.create(HELLO);
