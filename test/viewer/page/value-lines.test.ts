import { expect, it } from 'vitest';
import { valueText } from '../../../src/viewer/page/value-lines.ts';

const nested = (levels: number, inner: string): string => '['.repeat(levels) + inner + ']'.repeat(levels);

it('shows a text as it is, and fields line by line', () => {
  expect(valueText('one\ntwo')).toBe('one\ntwo');
  expect(valueText({ code: 'a\n  b', none: {}, list: [1, { cpu: '' }] })).toBe(
    'code:\n  a\n    b\nnone: {}\nlist:\n  - 1\n  -\n    cpu: ',
  );
});

it('shows 2,000 lines of fields', () => {
  const lines = valueText(Array.from({ length: 2_000 }, (_, i) => i)).split('\n');
  expect(lines).toHaveLength(2_000);
  expect(lines.at(-1)).toBe('- 1999');
  for (const long of [Array.from({ length: 2_001 }, (_, i) => i), { code: 'x\n'.repeat(2_000) }]) {
    const shown = valueText(long).split('\n');
    expect(shown).toHaveLength(2_001);
    expect(shown.at(-1)).toBe('…');
  }
});

it('shows 10,000 characters of a line', () => {
  expect(valueText({ media: 'x'.repeat(100_000), size: 1 })).toBe(`media: ${'x'.repeat(9_993)}…\nsize: 1`);
});

it('breaks lines of 20 levels, and shows those below in one', () => {
  const lines = valueText(nested(30, '5')).split('\n');
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe(`${'  '.repeat(20)}- ${nested(9, '5')}`);
});

it.each([19, 98])('stays short for 49,000 lists within %d others', (levels) => {
  const text = valueText(nested(levels, Array(49_000).fill('[]').join()));
  expect(text.length).toBeLessThan(100_000);
});
