import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../scripts/soak/operations.ts';
import { FAULTS } from '../faults/faults.ts';
import { PROGRAMS } from '../fuzz/programs.ts';
import { readDocument } from './documents.ts';
import { PROMISES } from './promises.ts';

const text = readDocument('docs/reliability.md');
const proofs = Object.values(PROMISES).flat();

test.each(proofs)('%s has “%s”', (file, title) => {
  expect(existsSync(file)).toBe(true);
  const source = readFileSync(file, 'utf8');
  expect([`'${title}'`, `\`${title}\``, `: ${title}'`].some((literal) => source.includes(literal))).toBe(
    true,
  );
});

test('every promise on the page has a test', () => {
  const [promises = ''] = text.split('\n## Metrics');
  const made = [...promises.matchAll(/^- (.+(?:\n {2}.+)*)$/gm)].map(([, promise = '']) =>
    promise.replaceAll(/\s+/g, ' '),
  );
  expect(made).toEqual(Object.keys(PROMISES));
});

test('its figures are those of the tests', () => {
  expect(text).toContain(
    `**Faults**: ${FAULTS.length} faults around the instrumentation, each with ${PROGRAMS.length} kinds`,
  );
  expect(text).toContain(`200,000 operations of ${OPERATIONS.length} kinds`);
});
