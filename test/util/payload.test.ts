import { expect, test } from 'vitest';
import {
  arrayField,
  asInteger,
  asObject,
  asWord,
  booleanField,
  countField,
  field,
  fieldsOf,
  names,
  numberField,
  objectField,
  readHeader,
  stringField,
  strings,
  textField,
  tolerating,
} from '../../src/util/payload.ts';

const trap = {
  get key(): never {
    throw new Error('read');
  },
};

/** What each accessor gives for one value. */
const ACCESSORS = {
  field,
  objectField,
  arrayField,
  stringField,
  numberField,
  integerField: (value: unknown, key: string) => asInteger(field(value, key)),
  countField,
  booleanField,
};
const NOTHING = {
  field: undefined,
  objectField: undefined,
  arrayField: [],
  stringField: undefined,
  numberField: undefined,
  integerField: undefined,
  countField: undefined,
  booleanField: undefined,
};

test.each<[unknown, Partial<Record<keyof typeof ACCESSORS, unknown>>]>([
  ['text', { stringField: 'text' }],
  ['', {}],
  [7, { numberField: 7, integerField: 7, countField: 7 }],
  [-7, { numberField: -7, integerField: -7 }],
  [0.5, { numberField: 0.5 }],
  [2 ** 60, { numberField: 2 ** 60 }],
  [Number.NaN, {}],
  [Number.POSITIVE_INFINITY, {}],
  [false, { booleanField: false }],
  [null, {}],
  [undefined, {}],
  [[1], { arrayField: [1] }],
  [{ a: 1 }, { objectField: { a: 1 } }],
])('for %j only the accessor of its type returns a value', (value, expected) => {
  const given = Object.fromEntries(
    Object.entries(ACCESSORS).map(([name, accessor]) => [name, accessor({ key: value }, 'key')]),
  );
  expect(given).toEqual({ ...NOTHING, field: value, ...expected });
});

test.each([
  ['null', null],
  ['undefined', undefined],
  ['a text', 'text'],
  ['a getter that throws', () => trap],
])('accessors return nothing for %s', (_, given) => {
  const value = typeof given === 'function' ? given() : given;
  for (const [name, accessor] of Object.entries(ACCESSORS))
    expect(accessor(value, 'key')).toEqual(NOTHING[name as keyof typeof NOTHING]);
});

test.each([[null], [undefined], ['text'], [7], [[1]], [() => 1]])('%s is not an object', (value) => {
  expect(asObject(value)).toBeUndefined();
});

test('only the texts of a list are returned', () => {
  expect(strings(['a', 1, null, 'b', ['c']])).toEqual(['a', 'b']);
});

test('texts may be long, names may not', () => {
  const long = 'x'.repeat(1_025);
  const read = (key: string): unknown => [textField, stringField].map((accessor) => accessor({ key }, 'key'));
  expect(read(long)).toEqual([long, undefined]);
  expect(read('gpt-4o: mine')).toEqual(['gpt-4o: mine', 'gpt-4o: mine']);
  expect(read('')).toEqual([undefined, undefined]);
  expect(names(['vs_1', long, 5, 'vs_2'])).toEqual(['vs_1', 'vs_2']);
  expect(names(Array(1_000).fill('vs'))).toHaveLength(128);
});

test('reading a field of any primitive returns undefined', () => {
  for (const value of [null, undefined, 'text', 7, () => undefined]) {
    const { length, name } = fieldsOf(value);
    expect([length, name]).toEqual([undefined, undefined]);
  }
  expect(fieldsOf({ id: 'a' }).id).toBe('a');
});

test('a tolerant reader skips fields that throw and reads all others', () => {
  const read = tolerating((payload: unknown) => {
    const { id, model, usage } = fieldsOf(payload);
    return { id, model, usage: fieldsOf(usage).key };
  });
  const given = Object.defineProperty({ id: 'a', usage: trap }, 'model', { get: () => trap.key });
  expect(read(given)).toEqual({ id: 'a', model: undefined, usage: undefined });
  expect(read({ id: 'a', model: 'b', usage: { key: 1 } })).toEqual({ id: 'a', model: 'b', usage: 1 });
  const frozen = Object.defineProperty({ id: 'a', usage: { key: 1 } }, 'model', { get: () => trap.key });
  expect(read(Object.freeze(frozen))).toEqual({ id: 'a', model: undefined, usage: 1 });
  expect(read('text')).toEqual({ id: undefined, model: undefined, usage: undefined });
});

test.each<[string, unknown, string | undefined]>([
  ['real headers', new Headers({ 'X-Request-Id': 'req_1' }), 'req_1'],
  ['a plain object', { 'x-request-id': 'req_1' }, 'req_1'],
  ['headers within an object', { values: new Headers({ 'x-request-id': 'req_1' }) }, 'req_1'],
  ['nothing', undefined, undefined],
  ['something else', 'x-request-id: req_1', undefined],
  ['an empty one', { 'x-request-id': '' }, undefined],
  ['a value that is not text', { 'x-request-id': 5 }, undefined],
])('a header is read from %s', (_, headers, expected) => {
  expect(readHeader(headers, 'X-Request-Id')).toBe(expected);
});

test.each([
  ['validating_files', 'validating_files'],
  ['Dear John', undefined],
  ['sk-proj-0Ab9', undefined],
  ['x'.repeat(33), undefined],
  [200, undefined],
])('%s may be content unless it is a short word', (value, word) => {
  expect(asWord(value)).toBe(word);
});
