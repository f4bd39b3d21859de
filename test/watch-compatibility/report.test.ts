import { expect, test } from 'vitest';
import { isMajor, watchReport } from '../../scripts/watch-compatibility/report.ts';

const PACKAGES = [
  { name: 'openai', tested: '7.55.0', newest: '8.0.0' },
  { name: '@opentelemetry/api', tested: '1.10.0', newest: '1.10.0' },
  { name: '@opentelemetry/sdk-node', tested: '0.301.0', newest: '0.301.1' },
];

test('names new versions, and reports success', () => {
  expect(watchReport({ packages: PACKAGES, ok: 170, problems: [] })).toBe(
    [
      '| package | tested | newest | |',
      '| --- | --- | --- | --- |',
      '| openai | 7.55.0 | 8.0.0 | **new major** |',
      '| @opentelemetry/api | 1.10.0 | 1.10.0 | tested |',
      '| @opentelemetry/sdk-node | 0.301.0 | 0.301.1 | new |',
      '',
      'All is well: 170 programs behaved as without the instrumentation.',
    ].join('\n'),
  );
});

test('shows failures', () => {
  const report = watchReport({ packages: PACKAGES, ok: 160, problems: ['openai 8.0.0: a page: changed'] });
  expect(report).toContain('1 problems, 160 programs');
  expect(report).toContain('```text\nopenai 8.0.0: a page: changed\n```');
});

test.each([
  ['7.55.0', '7.56.0', false],
  ['7.55.0', '8.0.0', true],
  ['0.301.0', '0.301.1', false],
  ['0.301.0', '0.302.0', true],
])('%s to %s may change what users rely on: %s', (tested, newest, expected) => {
  expect(isMajor(tested, newest)).toBe(expected);
});
