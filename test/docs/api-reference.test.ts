import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readDocument } from './documents.ts';

test('docs/api.md is what the types say', () => {
  const { stderr, status } = spawnSync(process.execPath, ['scripts/generate-api-reference.ts', '--check'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 180_000);

test('and every export is described', () => {
  const bare = [...readDocument('docs/api.md').matchAll(/^### (.+)\n\n(?=\||```|#)/gm)];
  expect(bare.map(([, name]) => name)).toEqual([]);
});
