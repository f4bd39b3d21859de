import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { useProject } from '../../support/project.ts';

test('copies of openai that are loaded again are not kept', async () => {
  const program = ['--expose-gc', 'test/sdk/programs/reloading.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  expect(JSON.parse(stdout)).toBe(0);
});

test('module hooks leave other modules unchanged, openai after the first time, and the API unless asked for', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/sdk/programs/loading.ts']);
  expect(JSON.parse(stdout)).toEqual({
    heard: [
      { copy: 'first', version: '9.9.9' },
      { copy: 'second', version: '9.9.9' },
    ],
    changed: ['index.js'],
    // The one that is in the cache, and the one that is loaded later.
    copies: ['trace', 'trace'],
    found: true,
  });
});

test('module hooks rest while a client loads its own files, and find each later client', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/sdk/programs/resting.ts']);
  expect(JSON.parse(stdout)).toEqual({ askedForFirst: 1, heard: ['first', 'second', 'last'] });
});

test('files in a bundle are found before the hooks and after, also on Node 20, and the newest are kept', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/sdk/programs/announced.ts']);
  expect(JSON.parse(stdout)).toEqual([['7.0.1', false], ['7.0.2', false], '7.0.1', '7.0.2', '7.0.3', 128]);
});

describe('a CommonJS program that a loader such as tsx compiles, past the hooks, is traced', () => {
  const simulator = useSimulator();
  const project = useProject();
  const REGISTER = `${PACKAGE_NAME}/register`;
  const LOADER = `
    const { Module } = require('node:module');
    const { readFileSync } = require('node:fs');
    Module._extensions['.js'] = (module, file) => module._compile(readFileSync(file, 'utf8'), file);
  `;
  const APP = `
    const { OpenAI } = require('openai');
    const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
  `;

  test.each([
    ['before', ['./tsx/loader.cjs', REGISTER]],
    ['after', [REGISTER, './tsx/loader.cjs']],
  ])('with the loader %s the instrumentation', async (_, loaded) => {
    await project().write({ 'app.cjs': APP, 'tsx/loader.cjs': LOADER });
    const parameters = loaded.flatMap((each) => ['--import', each]);
    const environment = { BASE_URL: simulator().url, OTEL_TRACES_EXPORTER: 'console' };
    const { code, stderr } = await project().run([...parameters, 'app.cjs'], environment);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^chat gpt-4o-mini .*\n+$/);
  });
});
