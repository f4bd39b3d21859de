import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Runs a program of its own, since it collects garbage. */
async function run(program: string, ...args: string[]): Promise<Record<string, unknown>> {
  const file = `test/sdk/programs/${program}.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, ...args]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('the call of a subclass whose holder is garbage collected ends at its last event', async () => {
  expect(await run('forgotten')).toMatchObject({
    name: 'chat gpt-4o',
    attributes: { 'openai.response.parsed': false },
    endedBefore: true,
  });
});

test.each([
  ['client', 'client'],
  ['socket', 'socket of realtime'],
])('no finished %s is kept in memory', async (what, collected) => {
  expect(await run('let-go', what)).toEqual([collected]);
});
