import { expect, it } from 'vitest';
import { fingerprintOf } from '../../src/operations/tool-calls.ts';

const NAME = 'get_balance';
const LONG = 'x'.repeat(262_144);

it.each<[string, unknown, unknown]>([
  ['spaces', '{ "a": [1, 2] }', '{"a":[1,2]}'],
  ['escapes', '{"a":"\\u00eb\\/"}', '{"a":"\u00eb/"}'],
  ['other spellings of numbers', '{"a":1.0}', '{"a":1}'],
  ['another order of keys', '{"a":1,"b":[{"c":2,"d":3}]}', '{"b":[{"d":3,"c":2}],"a":1}'],
  ['no arguments', undefined, ''],
  ['an empty text, which programs send back as an empty object', '', '{}'],
  ['an object that was serialized', { command: ['ls'] }, '{"command":["ls"]}'],
])('the fingerprint is the same: %s', (_, one, other) => {
  expect(fingerprintOf(NAME, one)).toBe(fingerprintOf(NAME, other));
  expect(fingerprintOf(NAME, one)).toMatch(/^[0-9a-f]{32}$/);
});

it.each<[string, unknown, unknown]>([
  ['another value', '{"a":1}', '{"a":2}'],
  ['another order', '[1,2]', '[2,1]'],
  ['integers with equal values as numbers', '{"a":12345678901234567890}', '{"a":12345678901234567891}'],
  ['fractions with equal values as numbers', '{"a":1234567890.12345678}', '{"a":1234567890.12345679}'],
  ['numbers beyond the range', '{"a":1e400}', '{"a":1e500}'],
  ['text that is not JSON', 'ls -a', 'ls  -a'],
  ['characters that UTF-8 has no code for', 'a\ud800', 'a\ud801'],
  ['the middle of something long', `${'x'.repeat(100_000)}1${'x'.repeat(100_000)}`, 'x'.repeat(200_001)],
])('the fingerprint differs: %s', (_, one, other) => {
  expect(fingerprintOf(NAME, one)).not.toBe(fingerprintOf(NAME, other));
});

it('another function has another fingerprint', () => {
  expect(fingerprintOf(NAME, '{}')).not.toBe(fingerprintOf('get_time', '{}'));
});

it('values too long to hash or impossible to serialize have no fingerprint', () => {
  expect(fingerprintOf(NAME, `${LONG}x`)).toBeUndefined();
  expect(fingerprintOf(NAME, { toJSON: () => LONG })).toBeUndefined();
  const circular: { self?: unknown } = {};
  circular.self = circular;
  expect(fingerprintOf(NAME, circular)).toBeUndefined();
});
