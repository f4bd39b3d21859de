import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { sha256, type Tarball } from '../support/lanes/tarball.ts';
import { causesOf, describeCause } from './causes.ts';
import { compareVersions } from './compare.ts';
import { judge, readIntended } from './intended.ts';

async function tarball(path: string): Promise<Tarball> {
  return { path, hash: sha256(await readFile(path)) };
}

test('the package does what the reference does, but for what is intended', async () => {
  const reference = await tarball(fileURLToPath(new URL('reference.tgz', import.meta.url)));
  const { found, programs } = await compareVersions(reference, await tarball(inject('tarball')), 'quick');
  expect(programs.size).toBeGreaterThan(400);
  const { unintended, stale } = judge(found, readIntended(), 'quick', programs);
  expect(causesOf(unintended).map(describeCause)).toEqual([]);
  expect(stale).toEqual([]);
});
