import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readDocument } from './documents.ts';

test('docs/api.md matches the types', () => {
  const { stderr, status } = spawnSync(process.execPath, ['scripts/generate-api-reference.ts', '--check'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 180_000);

test('every export has a description', () => {
  const bare = [...readDocument('docs/api.md').matchAll(/^### (.+)\n\n(?=\||```|#)/gm)];
  expect(bare.map(([, name]) => name)).toEqual([]);
});
