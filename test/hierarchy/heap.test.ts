import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../support/heap/program.ts', import.meta.url));

/** Thousands of conversations take a while where the machine has other things to do. */
const PATIENCE = 600_000;

async function look(
  at: 'heap' | 'lifetime' | 'requests' | 'clients' | 'promises',
): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', PROGRAM, at]);
  return JSON.parse(stdout);
}

it('more than six thousand conversations use no more memory than three thousand', {
  timeout: PATIENCE,
}, async () => {
  const { difference, openSpans } = await look('heap');
  expect(openSpans).toEqual([0, 0]);
  expect(difference).toBeLessThan(200_000);
});

it('idle conversations use none by default', { timeout: PATIENCE }, async () => {
  const { difference, openSpans } = await look('lifetime');
  expect(openSpans).toEqual([0, 0]);
  expect(difference).toBeLessThan(200_000);
});

it('no request or answer is kept, even while its conversation is open', { timeout: PATIENCE }, async () => {
  const { kept, openSpans } = await look('requests');
  expect(kept).toEqual({
    threads: 0,
    responses: 0,
    sessions: 0,
    histories: 0,
    'streams that are left': 0,
    'streams that are never read': 0,
    'runs in progress': 0,
    'background responses in progress': 0,
  });
  expect(openSpans).toBeGreaterThan(0);
});

it('unused clients keep no conversations except open ones', async () => {
  const { difference, openSpans } = await look('clients');
  expect(difference).toBeLessThan(1_000_000);
  expect(openSpans).toEqual([1, 0]);
});

it('a promise that a program keeps holds a few fields of ours, and not its call', async () => {
  const { bytes } = await look('promises');
  expect(bytes).toBeLessThan(200);
});
