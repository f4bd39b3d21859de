import { expect, it } from 'vitest';
import { wordDiff } from '../../src/page/word-diff.ts';

/** Both texts, with brackets around what only one of them has. */
function shown(one: string, other: string): string[] {
  return wordDiff(one, other).map((parts) =>
    parts.map(({ text, isChanged }) => (isChanged ? `[${text}]` : text)).join(''),
  );
}

it.each([
  [
    'You are a kind tutor.',
    'You are a strict tutor.',
    'You are a [kind ]tutor.',
    'You are a [strict ]tutor.',
  ],
  ['Be brief', 'Be brief and kind.', 'Be brief', 'Be brief [and kind.]'],
  ['same\n words', 'same words', 'same\n words', 'same words'],
  ['', 'new', '', '[new]'],
  ['one', 'two', '[one]', '[two]'],
  ['a b c d', 'b x d', '[a ]b [c ]d', 'b [x ]d'],
  ['東京は晴れ', '大阪は晴れ', '[東京]は晴れ', '[大阪]は晴れ'],
  ['كن لطيفا جدا', 'كن صارما جدا', 'كن [لطيفا ]جدا', 'كن [صارما ]جدا'],
])('compares %j with %j', (one, other, ...expected) => {
  expect(shown(one, other)).toEqual(expected);
});

it('keeps each text as it is, also of thousands of words and lines', () => {
  const words = (count: number, word: string): string =>
    Array.from({ length: count }, (_, i) => `${word}${i}`).join(' ');
  for (const separator of [' ', '\n']) {
    const [one, other] = ['a', 'b'].map(
      (word) => `start${separator}${words(3_000, word).replaceAll(' ', separator)}${separator}end`,
    );
    const parts = wordDiff(one ?? '', other ?? '');
    expect(parts.map((each) => each.map(({ text }) => text).join(''))).toEqual([one, other]);
  }
  const common = words(1_500, 'a few words in a line').replaceAll(/(?<=\d) /g, '\n');
  expect(
    wordDiff(`${words(3_000, 'a')}\n${common}\n!`, `${words(3_000, 'b')}\n${common}\n?`)[0].map(
      ({ isChanged }) => isChanged,
    ),
  ).toEqual([true, false, true]);
});
