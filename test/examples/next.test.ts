import { expect, test } from 'vitest';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

test('a Next.js application builds, and its call is in the trace of the incoming request', async () => {
  const said = await mustRun(process.execPath, ['scripts/check-next.ts', '--made'], {
    cwd: ROOT,
    timeout: 840_000,
  });
  expect(said).toMatch(/^(?:(?:webpack|turbopack): .+\nthe trace of our span:\n(?: {2}.+\n)*ok\n){2}$/);
  expect(said.match(/^ {2}chat gpt-4o-mini$/gm)).toHaveLength(2);
}, 900_000);
