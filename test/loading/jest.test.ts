import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

const CALLS = {
  'a chat completion': "client.chat.completions.create({ model: 'gpt-4o', messages: [] })",
  'a response with content': "client.responses.create({ model: 'gpt-4o', input: 'Hi' })",
  'a thread': 'client.beta.threads.create()',
};

/** Jest exits with an error if a test's modules require anything after the last test. It runs tests in a sandbox. */
test.each(Object.entries(CALLS))('%s that no test awaits requires nothing in the end', async (_, call) => {
  const program = `
    const Module = require('node:module');
    globalThis.jest = {};
    Object.setPrototypeOf(setTimeout, null);
    const { OpenAI } = require('openai');
    const { instrumentOpenAI } = require(${JSON.stringify(join(ROOT, 'dist', 'client.cjs'))});
    let answer;
    const fetch = () => new Promise((resolve) => { answer = resolve; });
    const config = { captureMessageContent: 'SPAN_ONLY', responseHook: () => console.log('recorded') };
    const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', fetch, maxRetries: 0 }), config);
    setImmediate(async () => {
      const called = ${call};
      while (answer === undefined) await new Promise(setImmediate);
      const { require } = Module.prototype;
      Module.prototype.require = function (name) {
        console.log('required after the last test:', name);
        return require.call(this, name);
      };
      answer(Response.json({ id: 'thread_1', object: 'thread', choices: [], output: [] }));
      await called;
    });
  `;
  expect(await mustRun(process.execPath, ['--eval', program], { cwd: ROOT })).toBe('recorded\n');
});
