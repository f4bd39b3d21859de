import { expect, test } from 'vitest';
import { privateSlot } from '../../src/sdk/private-slot.ts';

test('a value is found by the slot that stored it, be its holder frozen or not, and is invisible', () => {
  const names = privateSlot<{ name: string }>();
  const others = privateSlot<{ name: string }>();
  const frozen = Object.freeze({ id: 1 });
  const frozenLater = { id: 1 };
  for (const holder of [frozenLater, frozen, { id: 1 }]) {
    expect(names.get(holder)).toBeUndefined();
    names.set(holder, { name: 'first' });
    Object.freeze(frozenLater);
    names.set(holder, { name: 'second' });
    expect(names.get(holder)).toEqual({ name: 'second' });
    expect(others.get(holder)).toBeUndefined();
    expect(Reflect.ownKeys(holder)).toEqual(['id']);
    expect(Object.getPrototypeOf(holder)).toBe(Object.prototype);
  }
});
