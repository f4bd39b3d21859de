import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options }) => readAll(new OpenAI(options).fineTuning.jobs.list({ limit: 2 }));
