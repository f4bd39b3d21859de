import OpenAI from 'openai';
import tasks from './agents-tasks.cjs';
import { writeResult } from './write.cjs';

const { LIBRARY = '@openai/agents', OTHER, TASK } = process.env;
const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const library = await import(LIBRARY);
const other = OTHER && (await import(OTHER));
const realtime = TASK === 'voice' && (await import('@openai/agents/realtime'));
writeResult(await tasks[TASK]({ library, other, realtime, client }));
