import { expect, test } from 'vitest';
import { privateSlot } from '../../src/sdk/private-slot.ts';

test('a value in a private slot is found by the slot that stored it', () => {
  const names = privateSlot<{ name: string }>();
  const others = privateSlot<{ name: string }>();
  const holder = Promise.resolve();
  expect(names.get(holder)).toBeUndefined();
  names.set(holder, { name: 'first' });
  names.set(holder, { name: 'second' });
  expect(names.get(holder)).toEqual({ name: 'second' });
  expect(others.get(holder)).toBeUndefined();
  expect(names.get(Promise.resolve())).toBeUndefined();
});

test('a frozen object holds a value, too', () => {
  const names = privateSlot<{ name: string }>();
  const before = Object.freeze({});
  const after = {};
  names.set(before, { name: 'first' });
  names.set(after, { name: 'first' });
  Object.freeze(after);
  names.set(before, { name: 'second' });
  names.set(after, { name: 'second' });
  expect([names.get(before), names.get(after)]).toEqual([{ name: 'second' }, { name: 'second' }]);
  expect(names.get(Object.freeze({}))).toBeUndefined();
});

test('a private slot is invisible', () => {
  const holder = { id: 1 };
  privateSlot<object>().set(holder, { secret: true });
  expect(Reflect.ownKeys(holder)).toEqual(['id']);
  expect({ ...holder }).toEqual({ id: 1 });
  expect(JSON.stringify(holder)).toBe('{"id":1}');
  expect(Object.getPrototypeOf(holder)).toBe(Object.prototype);
});
