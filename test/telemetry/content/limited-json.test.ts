import { describe, expect, test } from 'vitest';
import { limitedJson } from '../../../src/telemetry/content/content-writer.ts';
import { cut } from '../../../src/util/cut-text.ts';

function write(value: unknown, maxText = 100, maxLength = 1_000): unknown {
  const json = limitedJson(value, maxLength, { maxText });
  return json === undefined ? undefined : JSON.parse(json);
}

function fail(): never {
  throw new Error('It was called.');
}

describe('a value within the limits is written like JSON.stringify', () => {
  test.each([
    ['x"\\\n\u0000😀'],
    [0.5],
    [-0],
    [Number.NaN],
    [true],
    [null],
    [[1, [2], [], {}]],
    [{ a: { b: [{ c: 'd' }] }, 'e f': null }],
    [{ left: undefined, out: () => 1 }],
    [[undefined, () => 1, Symbol('x')]],
    [Object.assign(Object.create({ inherited: 1 }), { own: 1 })],
  ])('%j', (value) => {
    expect(limitedJson(value, 1_000, { maxText: 100 })).toBe(JSON.stringify(value));
  });
});

test.each<[string, unknown, unknown]>([
  ['a text that is too long is cut', { text: 'x'.repeat(200) }, { text: `${'x'.repeat(100)}…` }],
  ['and so is a key', { ['k'.repeat(200)]: 1 }, { [`${'k'.repeat(100)}…`]: 1 }],
  ['a large integer becomes a text', { large: 10n ** 30n }, { large: `1${'0'.repeat(30)}` }],
  [
    'a field that throws is left out',
    Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: fail }),
    { a: 1 },
  ],
  ['a `toJSON` is not called', { toJSON: fail, a: 1 }, { a: 1 }],
])('%s', (_, value, expected) => {
  expect(write(value)).toEqual(expected);
});

test('nesting beyond the limit is omitted, even if it is endless', () => {
  const endless: Record<string, unknown> = {};
  endless.self = endless;
  expect(JSON.stringify(write(endless))).toMatch(/^(\{"self":){26}"…"\}{26}$/);
});

test('any number of items is written if it fits', () => {
  const list: number[] = Array(20_000).fill(1);
  expect(write(list, 100, 1e6)).toEqual(list);
  const wide = Object.fromEntries(list.map((value, index) => [`k${index}`, value]));
  expect(write(wide, 100, 1e6)).toEqual(wide);
  expect(write(wide)).toBeUndefined();
});

test.each([[{ a: 'x', b: [1, 22, true] }], [[[], {}, [null], '"']], ['text'], [7]])(
  '%j is written if exactly its JSON fits, and not with less room',
  (value) => {
    const { length } = JSON.stringify(value);
    expect(limitedJson(value, length, { maxText: 100 })).toBe(JSON.stringify(value));
    for (let room = -1; room < length; room++)
      expect(limitedJson(value, room, { maxText: 100 })).toBeUndefined();
  },
);

test('values beyond the limit are never read', () => {
  let read = 0;
  const item = {
    get text() {
      read++;
      return 'x'.repeat(50);
    },
  };
  expect(write(Array(1_000).fill(item), 100, 500)).toBeUndefined();
  expect(read).toBeLessThan(20);
});

test.each([
  ['abcd', 9, 'abcd'],
  ['abcd', 2, 'ab'],
  ['a😀b', 2, 'a'],
  ['a😀b', 3, 'a😀'],
  ['😀', 1, ''],
  ['abcd', 0, ''],
])('of %s the first %i characters are %s', (text, length, expected) => {
  expect(cut(text, length)).toBe(expected);
});
