import { describe, expect, it, test } from 'vitest';
import { maskText } from '../../../src/client.ts';
import type { MaskedKind } from '../../../src/config/config.ts';
import { type Mask, maskWith, readMask } from '../../../src/telemetry/masking/mask-text.ts';
import { codeBlocksOf, readDocument } from '../../docs/documents.ts';

/** A section of docs/masking.md. */
function sectionOf(heading: string): string {
  const [, text = ''] = readDocument('docs/masking.md').split(`## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

test.each(
  (
    'gsk_ xai- pplx- r8_ ek_ sess- sk_live_ rk_test_ whsec_ gho_ github_pat_ glpat- npm_ pypi- ASIA AIza ya29. xoxp- ' +
    'xapp- dop_v1_ shpat_ shpss_'
  ).split(' '),
)('masks a key that begins with %s', (start) => {
  expect(maskText(`Use ${start}abcdefghij0123456789ABCD.`)).toBe('Use [key].');
});

describe('docs/masking.md says what is found', () => {
  const rows = [...sectionOf('What is found').matchAll(/^\| `(email|phone)` \| (.+) \|$/gm)];
  const examples = rows.flatMap(([, kind = '', formats = '']) =>
    [...formats.matchAll(/`([^`]+)`/g)].map(([, text = '']) => [kind, text] as const),
  );
  it.each(examples)('%s: %s', (kind, text) => {
    expect(maskText(text)).toBe(kind === 'phone' ? '[phone]' : 'postgres://ada:[email]:5432');
  });
  it('in a table', () => expect(examples.length).toBeGreaterThan(5));
});

test.each([
  ['email address', 'Write to ada.lovelace+tutor@mail.example.co.uk.', 'Write to [email].'],
  ['in Latin, Greek or Cyrillic letters', 'müller@bücher.example', '[email]'],
  ['password in a URL', 'https://ada:secret@example.com/', 'https://ada:[email]/'],
  ['in pairs', '01 23 45 67 89, 01.23.45.67.89', '[phone], [phone]'],
  ['OpenAI, Anthropic and others', 'OPENAI_API_KEY=sk-proj-abcdefghijklmnop1234', 'OPENAI_API_KEY=[key]'],
  ['Hugging Face, Groq, xAI, Perplexity, Replicate', 'hf_abcdefghijklmnopqrstuvwxyz', '[key]'],
  ['Google', 'AIzaSyA-abcdefghijklmnopqrstuvwxyz01234', '[key]'],
  ['Slack, Stripe, SendGrid, DigitalOcean, Shopify', 'xoxb-123456789012-abcdefGHIJ', '[key]'],
  ['an address in a link', '<mailto:ada@example.com>', '<mailto:[email]>'],
  ['a number in a link', 'tel:+14155552671', 'tel:[phone]'],
  ['a card of American Express', '3782-822463-10005', '[card]'],
  ['a card after a full stop', 'Mine.4111111111111111', 'Mine.[card]'],
  ['a card between other numbers', '12 5500000000000004 12/27', '12 [card] 12/27'],
])('masked: %s', (_, text, shown) => expect(maskText(text)).toBe(shown));

describe('masked, as people write it:', () => {
  const card = '4111 1111 1111 1111';
  const key = 'sk-proj-abcdefghijklmnop1234';
  test.each(['\u202f', '\u00a0', '\u2009', '\u3000', '  ', '-', '\u2011', '\u2013', '\u2212', ' \u2013 '])(
    'a card and a phone number separated by %j',
    (separator) => {
      expect(maskText(card.replaceAll(' ', separator))).toBe('[card]');
      expect(maskText(['+49', '30', '1234567'].join(separator))).toBe('[phone]');
      expect(maskText(['(415)', '555', '2671'].join(separator))).toBe('[phone]');
    },
  );
  test.each(['#', '_', '__', '/', '-', '+', '*', '**', '`'])('between %s', (edge) => {
    const shown = (text: string): string => maskText(`Use ${edge}${text}${edge} now`);
    expect(shown(card)).toBe(`Use ${edge}[card]${edge} now`);
    expect(shown('(030) 1234567')).toBe(`Use ${edge === '+' ? '' : edge}[phone]${edge} now`);
    for (const secret of [key, 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'AKIAIOSFODNN7EXAMPLE'])
      expect(shown(secret)).toMatch(/^Use \W*_*\[key\]\W*_* now$/);
  });
  test.each([
    ['postgres://ada:pw@db:5432', 'postgres://ada:[email]:5432'],
    ['redis://:pw@localhost/0', 'redis://:[email]/0'],
    ['mongodb://ada:p%40w@10.0.0.1:27017', 'mongodb://ada:[email]:27017'],
    ['http://ada:p(w@[::1]:80/', 'http://ada:[email]:80/'],
    ['amqp://ada:p@w@queue.', 'amqp://ada:[email].'],
    [
      '{"a":"http:\\/\\/ada:pw@db","b":"http://db:80","c":1}',
      '{"a":"http:\\/\\/ada:[email]","b":"http://db:80","c":1}',
    ],
  ])('a password in a URL: %s', (text, shown) => expect(maskText(text)).toBe(shown));
  test.each([
    ['Bearer  abc123def456', 'Bearer  [key]'],
    ['Bearer: abc123def456', 'Bearer: [key]'],
    ['bearer:abc123def456', 'bearer:[key]'],
    ['Bearer "abc123def456"', 'Bearer "[key]"'],
    ["Basic 'YWRhOnNlY3JldA=='", "Basic '[key]'"],
    ['Bearer \\"abc123def456\\"', 'Bearer \\"[key]\\"'],
    ['BEARER\u00a0abc123def456', 'BEARER\u00a0[key]'],
  ])('what follows a scheme: %s', (text, shown) => expect(maskText(text)).toBe(shown));
  test.each([
    ['other invisible characters', '41\u034f11 1111\u{e0041} 1111 1111', '[card]'],
    ['zero-width characters', 'a\u200b 41\u200b11 1111\u2060 1111 1111\ufeff b', 'a\u200b [card]\ufeff b'],
    ['soft hyphens', 'sk-proj-abcd\u00adefghijkl\u00admnop1234', '[key]'],
    ['directional marks', '\u202aada@\u202cexample.com\u202c, \u200fx', '\u202a[email]\u202c, \u200fx'],
    ['full-width letters', 'an ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ。', 'an [email]。'],
    ['full-width digits', '４１１１ １１１１－１１１１　１１１１！', '[card]！'],
    [
      'full-width digits and an honest text',
      '４１１１ １１１１、“Hallo” – 2 €\u200b',
      '４１１１ １１１１、“Hallo” – 2 €\u200b',
    ],
  ])('%s, the rest to the letter', (_, text, shown) => expect(maskText(text)).toBe(shown));
});

describe('after an escape sequence', () => {
  const SECRETS: readonly (readonly [text: string, shown: string])[] = [
    ['+49 30 1234567', '[phone]'],
    ['030 1234567', '[phone]'],
    ['4111 1111 1111 1111', '[card]'],
    ['sk-proj-abcdefghijklmnop1234', '[key]'],
    ['ek_0123456789abcdef0123456789abcdef', '[key]'],
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
    'img@2x.png, icon@1.5x.webp, pkg@1.2.3-beta.rc, @scope/pkg@1.2.3, react@18.2.0-rc.1',
    'sk-learn-contrib-package-name, sk-learn_contrib_package_v2, sk-Learn-Contrib-Package-2024',
    'https://hooks.slack.com/, the PGP PRIVATE KEY BLOCK, GOCSPX-',
    'git clone git@github.com:ada/notes.git, ssh://git@github.com/ada/notes.git, http://localhost:80/@ada',
    '2026-11-20 – 2026-11-21, 01-02-2026 - 03-04, 10–20 %, call__0123456789, a/b/0123456789, #0123, 5+1234567',
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

test.each([
  ['a client secret of Google', 'GOCSPX-abcdefghijklmnopqrstuvwxyz12', '[key]'],
  ['a webhook of Slack', 'to https://hooks.slack.com/services/T0/B0/XXXX.', 'to https://[key].'],
  ['its trigger', 'https://hooks.slack.com/triggers/T0/123/abc', 'https://[key]'],
  ['one in JSON', '"https:\\/\\/hooks.slack.com\\/services\\/T0\\/B0\\/XXXX"', '"https:\\/\\/[key]"'],
  [
    'a PGP key',
    '-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK----- x',
    '[key] x',
  ],
  ['an encrypted token', 'eyJhbGciOiJSU0EtT0FFUCJ9.a2V5.aXYx.Y2lwaGVy.dGFn. Yes', '[key]. Yes'],
  ['one without a key', 'eyJhbGciOiJkaXIifQ..aXYx.Y2lwaGVy.dGFn', '[key]'],
  ['a key of words and more', 'sk-ant-api03-abcdefghij-klmnop', '[key]'],
  ['addresses at numbers', 'ada@163.com, ada@2x.com, ada@2x.png.example.com', '[email], [email], [email]'],
])('all of %s', (_, text, shown) => expect(maskText(text)).toBe(shown));

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
    // What overlaps is one.
    '[name]: [order], [order], [name], [$1]',
  );
});

test('a long text is cut, as the hook does', () => {
  const key = 'sk-proj-abcdefghijklmnop1234';
  for (const filler of ['a', '1', 'a ', 'a.', `${key} `])
    for (const start of ['', 'sk-', 'ghp_', 'Bearer ', 'a@']) {
      const shown = maskText(start + filler.repeat(20_000_000 / filler.length));
      expect(shown.length).toBeLessThanOrEqual(262_145);
      expect(shown).not.toContain(key);
    }
});

/** Pieces that make a search begin again and again, or read far without a find. */
const HOSTILE: readonly string[] = [
  ...['a', ' ', '@', 'a@', 'a@a.', 'a.', `${'a'.repeat(64)}@`],
  ...['1', '[1;m', '\\u0', '1 ', '0', '00 ', '00 1', '+1 ', '(1) ', '4', '4 ', '41-', '1.', '-'],
  ...['-----BEGIN ', '-----BEGIN PRIVATE KEY-----', '-----END '],
  ...['://', '://:', '://a:', '://a:a@', ':a@'],
  ...[
    'sk-',
    'sk-a ',
    'sk-a-',
    'hooks.slack.com/a/a/',
    'SG.',
    'SG. ',
    'ghp_',
    'ghp_ ',
    'github_pat',
    'AKIA',
    'xoxb-',
  ],
  ...['eyJ', 'eyJ-', 'eyJ.', 'eyJ.eyJ ', 'eyJ..a.a'],
  ...['Bearer ', 'bearer a-', 'Bearer aaaaaaa/', 'Basic =', 'Basic:', 'bearer"', 'Bearer-'],
];

describe('the work grows with the length of the text, whatever it says', () => {
  // In quadratic time each of these takes minutes.
  const timeout = 60_000;
  const ALL = readMask({}) as Mask;
  const repeated = (piece: string): string => piece.repeat(1_000_000 / piece.length);
  test.each([...HOSTILE, '4\u200b '])('%j, repeated', { timeout }, (piece) => {
    expect(maskWith(ALL, repeated(piece))).toBeTypeOf('string');
  });
  test.each(['eyJ', 'Bearer ', '://a:', '@', 'a.', '1 ', 'sk-a '])(
    '%j before any other',
    { timeout },
    (first) => {
      for (const then of HOSTILE)
        expect(maskText(first.repeat(10_000) + then.repeat(100_000 / then.length))).toBeTypeOf('string');
    },
  );
});

test('docs/masking.md shows code', () => {
  expect(codeBlocksOf('docs/masking.md').length).toBeGreaterThan(0);
});
