import { describe, expect, it, test } from 'vitest';
import { maskText } from '../../../src/client.ts';
import type { Characters, MaskedKind } from '../../../src/helpers/masking/characters.ts';
import { findPrivate } from '../../../src/helpers/masking/mask-text.ts';
import { MASKED_KINDS } from '../../../src/helpers/masking/masking-options.ts';
import { codeBlocksOf, readDocument } from '../../docs/documents.ts';

/** A section of docs/masking.md. */
function sectionOf(heading: string): string {
  const [, text = ''] = readDocument('docs/masking.md').split(`## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

describe('docs/masking.md says what is found', () => {
  const rows = [...sectionOf('What is found').matchAll(/^\| `(email|phone)` \| (.+) \|$/gm)];
  const examples = rows.flatMap(([, kind = '', formats = '']) =>
    [...formats.matchAll(/`([^`]+)`/g)].map(([, text = '']) => [kind, text] as const),
  );
  it.each(examples)('%s: %s', (kind, text) => expect(maskText(text)).toContain(`[${kind}]`));
  it('in a table', () => expect(examples.length).toBeGreaterThan(5));
});

test.each([
  ['email address', 'Write to ada.lovelace+tutor@mail.example.co.uk.', 'Write to [email].'],
  ['in Latin, Greek or Cyrillic letters', 'müller@bücher.example', '[email]'],
  ['password in a URL', 'https://ada:secret@example.com/', 'https://ada:[email]/'],
  ['international number', '+49 (0)30 123-4567', '[phone]'],
  ['with the prefix 00', '0049 30 1234567', '[phone]'],
  ['North America', 'Call (415) 555-2671 now', 'Call [phone] now'],
  ['with a leading zero, 9 to 13 digits', '030 1234567', '[phone]'],
  ['in pairs', '01 23 45 67 89, 01.23.45.67.89', '[phone], [phone]'],
  ['without separators, 10 to 13 digits', '03012345678', '[phone]'],
  ['card with a valid check digit', '4111 1111 1111 1111', '[card]'],
  ['OpenAI, Anthropic and others', 'OPENAI_API_KEY=sk-proj-abcdefghijklmnop1234', 'OPENAI_API_KEY=[key]'],
  ['Hugging Face, Groq, xAI, Perplexity, Replicate', 'hf_abcdefghijklmnopqrstuvwxyz', '[key]'],
  ['GitHub, GitLab, npm, PyPI', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[key]'],
  ['AWS key id', 'AKIAIOSFODNN7EXAMPLE', '[key]'],
  ['Google', 'AIzaSyA-abcdefghijklmnopqrstuvwxyz01234', '[key]'],
  ['Slack, Stripe, SendGrid, DigitalOcean, Shopify', 'xoxb-123456789012-abcdefGHIJ', '[key]'],
  ['JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', '[key]'],
  [
    'after `Bearer` or `Basic`, with a digit or `=`',
    'Authorization: Bearer abc123def456',
    'Authorization: Bearer [key]',
  ],
  ['private key in PEM format', '-----BEGIN PRIVATE KEY----- MIIE -----END PRIVATE KEY-----', '[key]'],
  ['an address in a link', '<mailto:ada@example.com>', '<mailto:[email]>'],
  ['a number in a link', 'tel:+14155552671', 'tel:[phone]'],
  ['a number with the country code', '1-415-555-2671', '[phone]'],
  ['a number with a slash', '0151/23456789', '[phone]'],
  ['a card of American Express', '3782-822463-10005', '[card]'],
  ['a card between other numbers', '12 5500000000000004 12/27', '12 [card] 12/27'],
])('masked: %s', (_, text, shown) => expect(maskText(text)).toBe(shown));

describe('after an escape sequence', () => {
  const SECRETS: readonly (readonly [text: string, shown: string])[] = [
    ['+49 30 1234567', '[phone]'],
    ['030 1234567', '[phone]'],
    ['4111 1111 1111 1111', '[card]'],
    ['sk-proj-abcdefghijklmnop1234', '[key]'],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[key]'],
    ['npm_abcdefghijklmnopqrstuvwxyz0123456789', '[key]'],
    ['AKIAIOSFODNN7EXAMPLE', '[key]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', '[key]'],
    ['Bearer abc123def456', 'Bearer [key]'],
    ['-----BEGIN PRIVATE KEY----- MIIE -----END PRIVATE KEY-----', '[key]'],
  ];
  it.each([
    ...['\\n', '\\t', '\\r\\n', '\\\\n', '\\u2022', '\\u00a0'],
    ...['\x1b[31m', '\x1b[m', '\x1b[01;31m\x1b[K', '\\u001b[38;5;208m', '[0m'],
  ])('%j', (sequence) => {
    for (const [text, shown] of SECRETS)
      expect(maskText(`a${sequence}${text}${sequence}b`)).toBe(`a${sequence}${shown}${sequence}b`);
  });
  it.each(['\\task-management-of-a-long-kind', 'C:\\users\\4155552671', '[4111m', '[x]m4111111111111111'])(
    'nothing else: %s',
    (text) => expect(maskText(text)).toBe(text),
  );
});

describe('docs/masking.md says what is not found', () => {
  const rows = [...sectionOf('What is not found').matchAll(/^\| ([^|]+) \| `([^|]+)` \|$/gm)].map(
    ([, what = '', text = '']) => [what, text] as const,
  );
  it.each(rows)('%s: %s', (_, text) => expect(maskText(text)).toBe(text));
  it('in a table', () => expect(rows.length).toBeGreaterThan(5));
});

describe('is left as it is', () => {
  it.each([
    'On 2026-11-20 10:46:37.123 UTC, 01.02.2026 10:30, 01/02/2026 09, 20.11.2026',
    'openai@7.55.0, foo@latest, @scope/name, ada@localhost, a@b, @, @@@@',
    'gpt-4o-mini-2024-07-18, call_0123456789, file-0123456789, chatcmpl-0123456789',
    '550e8400-e29b-41d4-a716-446655440000 and 12345678-0123-4567-8901-234567890123',
    '1732186000000 ms, 1732186000000000000 ns, 123456789, 4155552671, 0.0123456789',
    '127.0.0.1, 192.168.100.100:8080, v1.22.333, 1,234,567,890.12, 3.14159265358979',
    '4111 1111 1111 1112 has a wrong check digit, 0000 0000 0000 0000 no issuer',
    'the sk-learn package, task-management, risk-free, sk-short, eyJ, eyJhbGciOiJIUzI1NiJ9.x',
    'Basic arithmetic, the bearer of news, Bearer authentication, Bearer of responsibility',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '',
  ])('%s', (text) => expect(maskText(text)).toBe(text));
});

test('several finds in one text, and none twice', () => {
  expect(
    maskText(
      'Ada <ada@example.com>, +49 30 1234567; card 4111-1111-1111-1111, exp 12/27. Key: sk-proj-abcdefghijklmnop1234.',
    ),
  ).toBe('Ada <[email]>, [phone]; card [card], exp 12/27. Key: [key].');
  expect(maskText('4111111111111111@example.com')).toBe('[email]');
  expect(maskText('12 4111 1111 1111 1111 12/27')).toBe('12 [card] 12/27');
  expect(maskText('ada@example.com@example.org')).toBe('[email]@example.org');
});

test('a private key to its end, and to the end of a text that was cut', () => {
  const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----';
  expect(maskText(`a ${key} b`)).toBe('a [key] b');
  expect(maskText(`a ${key.slice(0, 50)}`)).toBe('a [key]');
});

test.each<[MaskedKind, string]>([
  ['email', '[email] 030 1234567 4111111111111111 ghp_abcdefghijklmnopqrstuvwxyz'],
  ['phone', 'ada@example.com [phone] 4111111111111111 ghp_abcdefghijklmnopqrstuvwxyz'],
  ['card', 'ada@example.com 030 1234567 [card] ghp_abcdefghijklmnopqrstuvwxyz'],
  ['key', 'ada@example.com 030 1234567 4111111111111111 [key]'],
])('only %s', (kind, shown) => {
  const text = 'ada@example.com 030 1234567 4111111111111111 ghp_abcdefghijklmnopqrstuvwxyz';
  expect(maskText(text, { kinds: [kind] })).toBe(shown);
});

test('patterns of the program, with and without flags, before all others', () => {
  const patterns = { order: /\bORD-\d{6}\b/, name: /ada/gi, $1: /x(y)/ };
  expect(maskText('Ada: ORD-123456, ORD-654321, ada@example.com, xy', { patterns })).toBe(
    '[name]: [order], [order], [name]@example.com, [$1]',
  );
});

/** Counts the characters that are read. */
class CountedText implements Characters {
  reads = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.#text.length;
  }

  charCodeAt(index: number): number {
    this.reads++;
    return this.#text.charCodeAt(index);
  }
}

function readsOf(text: string): number {
  const counted = new CountedText(text);
  findPrivate(counted, new Set(MASKED_KINDS));
  return counted.reads;
}

/** Pieces that make a search begin again and again, or read far without a find. */
const HOSTILE: readonly string[] = [
  'a',
  ' ',
  '@',
  'a@',
  'a@a.',
  'a.',
  `${'a'.repeat(64)}@`,
  '1',
  '[1;m',
  '\\u0',
  '1 ',
  '0',
  '00 ',
  '00 1',
  '+1 ',
  '(1) ',
  '4',
  '4 ',
  '41-',
  '1.',
  '-',
  '-----BEGIN ',
  '-----BEGIN PRIVATE KEY-----',
  '-----END ',
  'sk-',
  'sk-a ',
  'SG.',
  'SG. ',
  'ghp_',
  'ghp_ ',
  'github_pat',
  'eyJ',
  'eyJ-',
  'eyJ.',
  'eyJ.eyJ ',
  'Bearer ',
  'bearer a-',
  'Bearer aaaaaaa/',
  'Basic =',
  'AKIA',
  'xoxb-',
];

test('the work grows with the length of the text, whatever it says', () => {
  const pieces = [...HOSTILE, ...HOSTILE.flatMap((one) => HOSTILE.map((other) => one + other))];
  const most = { perCharacter: 0, piece: '' };
  for (const piece of pieces) {
    const perCharacter = (length: number): number =>
      readsOf(piece.repeat(Math.ceil(length / piece.length))) / length;
    const [short, long] = [perCharacter(500), perCharacter(4_000)];
    expect(long, `reads for each character of ${JSON.stringify(piece)}`).toBeLessThan(short * 1.2 + 1);
    if (long > most.perCharacter) Object.assign(most, { perCharacter: long, piece });
  }
  expect(most.perCharacter, most.piece).toBeLessThan(40);
});

test('one repeated piece before another does not change that', () => {
  for (const first of HOSTILE)
    for (const then of HOSTILE) {
      const text = first.repeat(2_000 / first.length) + then.repeat(2_000 / then.length);
      expect(readsOf(text) / text.length, JSON.stringify([first, then])).toBeLessThan(40);
    }
});

test('docs/masking.md shows code', () => {
  expect(codeBlocksOf('docs/masking.md').length).toBeGreaterThan(0);
});
