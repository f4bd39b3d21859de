import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { programsDirectory } from '../support/lanes/paths.ts';
import { runProgram } from '../support/lanes/program.ts';

const simulator = useSimulator();

/** No module of `openai` is ever loaded from its file, so hooks see nothing of it. */
const PROGRAM = `
  import './sdk-bare.mjs';
  import OpenAI, { AzureOpenAI } from 'openai';
  import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';

  const apiKey = 'test';
  const baseURL = process.env.BASE_URL;
  instrumentOpenAI(OpenAI);
  for (const client of [
    new OpenAI({ apiKey, baseURL }),
    new AzureOpenAI({ apiKey, baseURL, apiVersion: '2024-10-21' }),
  ])
    await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
  const failing = { model: 'text-embedding-3-small', input: 'Hi' };
  for (const url of [baseURL, 'http://127.0.0.1:1'])
    await new OpenAI({ apiKey, baseURL: url, maxRetries: 0 }).embeddings.create(failing).catch(() => {});
  // What threads take is loaded when there is one.
  await new OpenAI({ apiKey, baseURL }).beta.threads.create();
`;

test.each(['openai-4.104', 'openai-6', 'openai-7'])('%s: a bundled and minified program', async (lane) => {
  const directory = programsDirectory(lane);
  const input = join(directory, 'unbundled.mjs');
  await writeFile(input, PROGRAM);
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  simulator().next({ when: { path: /embeddings$/ }, status: 429 });
  const { spans } = await runProgram({
    lane,
    source: { format: 'mjs', text: output[0].code },
    env: { BASE_URL: simulator().url },
  });
  expect(
    spans.map(({ name, attributes }) => [name, attributes['gen_ai.provider.name'], attributes['error.type']]),
  ).toEqual([
    ['chat gpt-4o', 'openai', undefined],
    ['chat gpt-4o', 'azure.ai.openai', undefined],
    ['embeddings text-embedding-3-small', 'openai', 'RateLimitError'],
    ['embeddings text-embedding-3-small', 'openai', 'APIConnectionError'],
    ['POST /threads', 'openai', undefined],
    ['thread', 'openai', undefined],
  ]);
});
