import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readDocument } from './documents.ts';

const source = readFileSync(new URL('../../src/diagnostics/findings.ts', import.meta.url), 'utf8');
const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);

test('docs/troubleshooting.md explains every finding of the doctor', () => {
  const document = readDocument('docs/troubleshooting.md');
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !document.includes(`\`${code}\``))).toEqual([]);
});
