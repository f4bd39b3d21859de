import { expect, test } from 'vitest';
import { PEERS } from '../../scripts/peers/packages.ts';
import { USES } from '../../scripts/peers/uses.ts';
import { readDocument } from './documents.ts';

const TABLES = readDocument('docs/comparison.md')
  .split('\n\n')
  .filter((text) => text.startsWith('|'))
  .map((text) =>
    text.split('\n').map((line) => line.split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim())),
  );
const [standard = [], vendors = [], further = [], run = []] = TABLES;

test('each column names the version that is run', () => {
  const named = [...(standard[0] ?? []), ...(vendors[0] ?? [])].filter(
    (cell) => !/^(ours|python|$)/.test(cell),
  );
  const installed = PEERS.slice(1).map(
    ({ name, packages: [first = ''] }) => `${name} ${first.replace(/.*@/, '')}`,
  );
  expect(named.sort()).toEqual(installed.sort());
});

test('the tables of features have a cell for each package', () => {
  for (const table of [standard, vendors, further])
    for (const row of table) expect(row, row[0]).toHaveLength(table[0]?.length ?? 0);
});

test('the table of what was run has each use and each package', () => {
  expect(run[0]?.slice(1)).toEqual(PEERS.map(({ name }) => name));
  expect(run.slice(2).map(([title]) => title)).toEqual(USES.map(({ title }) => title));
});
