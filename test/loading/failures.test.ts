import { expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { isOurs, runProgram } from '../support/lanes/program.ts';

const simulator = useSimulator();

/** Prints the files that a failing call loads. */
const APP = `
  const OpenAI = require('openai');
  let isDown = false;
  const send = (...args) => (isDown ? Promise.reject(new TypeError('fetch failed')) : fetch(...args));
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0, fetch: send });
  const ask = () => client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
  (async () => {
    await ask();
    isDown = true;
    const loaded = new Set(Object.keys(require.cache));
    await ask().catch(() => undefined);
    console.log(JSON.stringify(Object.keys(require.cache).filter((file) => !loaded.has(file))));
  })();
`;

// A program that has no file descriptor left can load nothing, and it is then that its calls fail.
test('the failure of a later call is recorded without loading a file', async () => {
  const { stdout, spans } = await runProgram({
    lane: 'openai-7',
    parameters: ['--require', './node-sdk.cjs'],
    source: { format: 'cjs', text: APP },
    env: { BASE_URL: simulator().url },
  });
  expect(JSON.parse(stdout)).toEqual([]);
  expect(spans.filter(isOurs).map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
    ['chat gpt-4o', undefined],
    ['chat gpt-4o', 'APIConnectionError'],
  ]);
});
