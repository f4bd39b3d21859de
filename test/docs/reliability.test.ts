import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../scripts/soak/operations.ts';
import { FAULTS } from '../faults/faults.ts';
import { PROGRAMS } from '../fuzz/programs.ts';
import { readDocument } from './documents.ts';

const text = readDocument('docs/reliability.md');
const named = [...text.matchAll(/`(test\/[\w/.-]+\.ts)`: "([^"]+)"/g)].map(
  ([, file = '', title = '']) => [file, title] as const,
);

test.each(named)('%s has “%s”', (file, title) => {
  expect(existsSync(file)).toBe(true);
  const source = readFileSync(file, 'utf8');
  expect([`'${title}'`, `\`${title}\``, `: ${title}'`].some((literal) => source.includes(literal))).toBe(
    true,
  );
});

test('every promise names a test', () => {
  const promises = text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (promise|---|[a-z ,]* \| [\d,.]+ )/.test(line));
  const rows = promises.filter((line) => /^\| [A-Z]/.test(line));
  expect(rows.length).toBeGreaterThan(25);
  expect(rows.filter((line) => !/`test\/[^`]+`: "/.test(line))).toEqual([]);
});

test('its figures are those of the tests', () => {
  expect(text).toContain(
    `**Faults**: ${FAULTS.length} faults around the instrumentation, each with ${PROGRAMS.length} kinds`,
  );
  expect(text).toContain(`200,000 operations of ${OPERATIONS.length} kinds`);
});
