import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('copies of openai that are loaded again are not kept', async () => {
  const program = ['--expose-gc', 'test/sdk/programs/reloading.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  expect(JSON.parse(stdout)).toBe(0);
});

test('module hooks leave modules other than openai unchanged, and openai after the first time', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/sdk/programs/loading.ts']);
  expect(JSON.parse(stdout)).toEqual({
    heard: [
      { copy: 'first', version: '9.9.9' },
      { copy: 'second', version: '9.9.9' },
    ],
    found: true,
  });
});
