import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { CASES } from '../../bench/cases/index.ts';
import { readOptions } from '../../bench/options.ts';
import { PAGES, type Part, pathOf, replacePart } from '../../bench/page.ts';
import { estimate, fastest, paired } from '../../bench/statistics.ts';
import { cpuTable, peersTable, signalsTable } from '../../bench/tables.ts';
import { BARE, CONTROL, NONE, OURS, SAME_BY_HAND } from '../../bench/variants/index.ts';

describe('an estimate', () => {
  it('is the median, within its interval', () => {
    const { value, low, high } = estimate([1, 2, 3, 4, 100]);
    expect(value).toBe(3);
    expect(low).toBeLessThan(3);
    expect(high).toBeGreaterThan(3);
  });

  it('of processor time is the fastest round, because interference only adds time', () => {
    expect(fastest([3, 1, 100])).toBe(1);
  });

  it('compares times measured in the same round', () => {
    const slowRounds = paired([20, 200, 2_000], [10, 100, 1_000], (sample, base) => sample / base);
    expect(slowRounds).toEqual({ value: 2, low: 2, high: 2 });
  });
});

describe('a table', () => {
  const measured = { name: 'chat', title: 'chat, small' };
  const samples = new Map([
    [NONE.name, { values: [100, 200], spans: 0 }],
    [CONTROL.name, { values: [100, 200], spans: 0 }],
    [BARE.name, { values: [110, 220], spans: 1 }],
    [SAME_BY_HAND.name, { values: [120, 240], spans: 1 }],
    [OURS, { values: [150, 300], spans: 1 }],
    ['silent', { values: [120, 240], spans: 0 }],
    ['broken', { values: [], spans: 0, failure: 'The program did not get the completion' }],
  ]);

  it('shows times beside those of none and bare', () => {
    expect(cpuTable([{ measured, samples }]).split('\n').at(-1)).toBe(
      '| chat, small | 100 | 1.00 | 1.10 | 1.20 | 1.50 | +50 | 1.25 |',
    );
  });

  it('shows what other packages record, that they fail, or that they are missing', () => {
    const rows = peersTable([{ measured, samples }], new Map([['absent', 'npm found no version']])).split(
      '\n',
    );
    expect(rows.slice(2)).toEqual([
      '| none, again | 1.00 |',
      '| bare | 1.10 |',
      '| the same by hand | 1.20 |',
      `| ${OURS} | 1.50 |`,
      '| silent | records nothing |',
      '| broken | fails |',
      '| absent | not installed |',
    ]);
  });

  it('shows what each package records, and what each of that takes', () => {
    const signals = new Map([
      [OURS, { spans: 1, attributes: 21, points: 3, logRecords: 0 }],
      ['silent', { spans: 0, attributes: 0, points: 0, logRecords: 0 }],
    ]);
    expect(signalsTable([{ measured, samples, signals }]).split('\n').slice(2)).toEqual([
      `| ${OURS} | 1 + 21 + 3 + 0: 2.0 µs |`,
      '| silent | records nothing |',
    ]);
  });

  it.each(Object.keys(PAGES) as Part[])('has one place in its page: %s', (name) => {
    const page = readFileSync(pathOf(name), 'utf8');
    expect(replacePart(page, name, 'new').split(`<!-- ${name}: `)).toHaveLength(2);
  });

  it('replaces its part of the page only', () => {
    const page = 'before <!-- bytes: written by npm run bench -->\n\nold\n\n<!-- end of bytes --> after';
    expect(replacePart(page, 'bytes', 'new')).toBe(page.replace('old', 'new'));
    expect(() => replacePart(page, 'other', 'new')).toThrow('no line');
  });
});

describe('the options', () => {
  it('choose cases and rounds; the pages are written only for all cases', () => {
    expect(readOptions(['--case=chat,stream', '--rounds=7'])).toMatchObject({
      cases: [{ name: 'chat' }, { name: 'stream' }],
      rounds: 7,
      writes: false,
    });
    expect(readOptions([])).toMatchObject({ cases: CASES, writes: true, peers: false });
    expect(readOptions(['--quick'])).toMatchObject({ writes: false });
  });

  it.each(['--case=nothing', '--rounds=1', '--rounds=x', '--other'])(
    'that are invalid are rejected: %s',
    (option) => {
      expect(() => readOptions([option])).toThrow();
    },
  );
});

test('every case has its own name', () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});
