import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the hooks of a client are not kept when its calls are over', async () => {
  const parameters = ['--expose-gc', 'test/pipeline/programs/hooks.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  expect(JSON.parse(stdout)).toEqual({ kept: { response: 0, run: 0, 'tool call': 0 }, openSpans: [] });
});
