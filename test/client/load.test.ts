import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('module hooks leave alone what is no client of openai, and what they have changed already', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/client/programs/loading.ts']);
  expect(JSON.parse(stdout)).toEqual({
    heard: [
      { copy: 'first', version: '9.9.9' },
      { copy: 'second', version: '9.9.9' },
    ],
    found: true,
  });
});
