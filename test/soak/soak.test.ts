import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const OPERATIONS = 10_000;

/** A process of its own: what is looked at is the memory and the handles of all of it. */
test('ten thousand operations with failures leave no span, memory or handle behind', async () => {
  const parameters = ['--expose-gc', 'scripts/soak/main.ts', String(OPERATIONS)];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  expect(stdout).toContain('| operations | 10,000 |');
  expect(stdout).toContain('| spans unaccounted for | 0 |');
});
