import { DiagLogLevel, diag } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { type ContentHolder, charactersOf, OpenContent } from '../../src/hierarchy/open-content.ts';

const MEGABYTE = 524_288; // Characters.

test('beyond 64 MB, the oldest is forgotten first, and said once', () => {
  const lines: string[] = [];
  const log = (line: string): number => lines.push(line);
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN);
  const content = new OpenContent();
  const forgotten: number[] = [];
  const holders = Array.from(
    { length: 8 },
    (_, index): ContentHolder => ({ forgetContent: () => forgotten.push(index) }),
  );
  const [first, second] = holders;
  for (const holder of holders.slice(0, 7)) content.keeps(holder, 10 * MEGABYTE - 1);
  expect(forgotten).toEqual([0]);
  if (second !== undefined) content.release(second);
  for (const holder of holders.slice(7)) content.keeps(holder, 10 * MEGABYTE);
  expect(forgotten).toEqual([0]);
  // It has grown, and is still the oldest but for what it keeps now.
  if (first !== undefined) content.keeps(first, 30 * MEGABYTE);
  expect(forgotten).toEqual([0, 2, 3, 4]);
  diag.disable();
});

const nested = (depth: number, value: unknown): unknown =>
  depth === 0 ? value : { deep: [nested(depth - 2, value)] };

test.each([
  ['text', 4],
  [{ key: 'value' }, 24],
  [{ list: [1, 'two'] }, 16 + 4 + 16 + 16 + 3],
])('the size of %j is %s', (value, size) => {
  expect(charactersOf(value)).toBe(size);
});

test('a value is measured to its depth', () => {
  expect(charactersOf(nested(20, 'x'.repeat(1_000)))).toBeGreaterThan(1_000);
});
