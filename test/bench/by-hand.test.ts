import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CASES } from '../../bench/cases/index.ts';

const PROGRAM = fileURLToPath(new URL('./programs/recorded.ts', import.meta.url));

async function recorded(by: 'hand' | 'ours', name: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, by, name], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

// Limits say what they cut, which nobody writes by hand. A cold program records what a warm one does.
const COMPARED = CASES.filter(
  ({ silent, cold, name }) => silent === undefined && cold !== true && name !== 'chat-large-content',
).map(({ name }) => name);

test.each(COMPARED)('the handwritten instrumentation records as much as this package: %s', async (name) => {
  const [hand, ours] = await Promise.all([recorded('hand', name), recorded('ours', name)]);
  expect(hand).toEqual(ours);
});
