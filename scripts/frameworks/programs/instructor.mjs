// instructor repeats a request if the answer does not fit its schema.
import Instructor from '@instructor-ai/instructor';
import OpenAI from 'openai';
import { z } from 'zod';
import { MODEL, QUESTION } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const client = Instructor({
  client: new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 }),
  mode: 'TOOLS',
});

async function main() {
  const { answer, sure } = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: QUESTION }],
    response_model: { name: 'Answer', schema: z.object({ answer: z.string(), sure: z.boolean() }) },
    max_retries: 2,
  });
  return { answer, sure };
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));
