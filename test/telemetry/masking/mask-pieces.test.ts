import { describe, expect, test } from 'vitest';
import { type Mask, maskPieces, readMask } from '../../../src/telemetry/masking/mask-text.ts';

const ALL = readMask({ patterns: { order: /\bORD-\d{6}\b/ } }) as Mask;

describe('texts that are pieces of one', () => {
  test.each<[string, string[], string[]]>([
    [
      'an email address',
      ['Write to', ' ada', '@example', '.com', ' now'],
      ['Write to', ' [email]', '', '', ' now'],
    ],
    ['a phone number', ['call +49', ' 30', ' 123', '4567', '.'], ['call [phone]', '', '', '', '.']],
    ['a card', ['4111 1111', '', ' 1111 1111 or'], ['[card]', '', ' or']],
    ['a key', ['Key: sk-', 'proj-abcdefgh', 'ijklmnop', '. Bye'], ['Key: [key]', '', '', '. Bye']],
    ['a pattern of the program', ['an ORD', '-123', '456!'], ['an [order]', '', '!']],
    [
      'two in one piece, and two that touch',
      ['ada@example.com, 4111', ' 1111 1111 1111', '; ORD-123456ada'],
      ['[email], [card]', '', '; ORD-123456ada'],
    ],
    [
      'what is found only in a piece alone',
      ['token', 'sk-proj-abcdefghijklmnop', '; ', 'ada@example.com', 'bob@example.org'],
      ['token', '[key]', '; ', '[email]', ''],
    ],
    [
      'one that a piece alone shows in part',
      ['sk-proj-abcdefghijklmnop', 'qrst', 'uvwx yz'],
      ['[key]', '', ' yz'],
    ],
    ['nothing', ['Hello', ' ', 'Ada', ''], ['Hello', ' ', 'Ada', '']],
    ['no pieces', [], []],
  ])('%s', (_, pieces, shown) => expect(maskPieces(ALL, pieces)).toEqual(shown));
});

test('cut anywhere, a text is masked as a whole', () => {
  const text =
    'Ada <ada@example.com>, +49 30 1234567; 4111-1111-1111-1111: sk-proj-abcdefghijklmnop1234, ORD-123456.';
  for (let size = 1; size <= text.length; size++) {
    const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
    const shown = maskPieces(ALL, pieces);
    expect(shown).toHaveLength(pieces.length);
    expect(shown.join('').replace(/(?:\[\w+\])+/g, '*')).toBe('Ada <*>, *; *: *, *.');
  }
});
