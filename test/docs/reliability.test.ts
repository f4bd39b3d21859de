import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../scripts/soak/operations.ts';
import { FAULTS } from '../faults/faults.ts';
import { PROGRAMS } from '../fuzz/programs.ts';
import { readDocument } from './documents.ts';
import { PROMISES } from './promises.ts';

const text = readDocument('docs/reliability.md');

test.each(Object.values(PROMISES))('%s', (proof) => {
  const [file = '', title = ''] = proof.split(/: (.*)/);
  const source = readFileSync(file, 'utf8');
  const literals = [`'${title}'`, `\`${title}\``, `: ${title}'`];
  expect(literals.filter((literal) => source.includes(literal))).not.toEqual([]);
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
