import { expect, inject, test } from 'vitest';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

test('a Next.js application builds, and its call is in the trace of the incoming request', async () => {
  const env = { TARBALL: inject('tarball') };
  const said = await mustRun(process.execPath, ['scripts/check-next.ts'], {
    cwd: ROOT,
    env,
    timeout: 840_000,
  });
  expect(said).toMatch(/^answer: .+\nthe trace of our span:\n(?: {2}.+\n)*ok\n$/);
  expect(said).toContain('  chat gpt-4o-mini\n');
}, 900_000);
