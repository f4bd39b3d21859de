import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const OPERATIONS = 5_000;

/** A process of its own: what is looked at is the memory and the handles of all of it. */
test('five thousand operations with failures leave no span, memory or handle behind', async () => {
  // Code that V8 throws away would hide what is left.
  const parameters = ['--expose-gc', '--no-flush-bytecode', 'scripts/soak/main.ts', String(OPERATIONS)];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  expect(stdout).toContain('| operations | 5,000 |');
  expect(stdout).toContain('| spans unaccounted for | 0 |');
});
