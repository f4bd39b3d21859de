// promptfoo calls models without `openai`. A provider that the program defines can use `openai`.
import OpenAI from 'openai';
import promptfoo from 'promptfoo';
import { MODEL, QUESTION } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });

async function own(prompt) {
  const messages = [{ role: 'user', content: prompt }];
  const { choices } = await client.chat.completions.create({ model: MODEL, messages });
  return { output: choices[0].message.content };
}

async function evaluate(provider) {
  const evaluation = await promptfoo.evaluate(
    {
      prompts: [QUESTION],
      providers: [provider],
      tests: [{ vars: {} }],
      sharing: false,
      writeLatestResults: false,
    },
    { cache: false, maxConcurrency: 1 },
  );
  const { results } = await evaluation.toEvaluateSummary();
  return results.map(({ response, success }) => [response.output, success]);
}

const config = { apiKey: 'test', apiBaseUrl: process.env.BASE_URL };
writeResult([await evaluate(own), await evaluate({ id: `openai:chat:${MODEL}`, config })]);
