import { expect, test } from 'vitest';
import { patchMethod, setMethod } from '../../src/util/patch-method.ts';

class Greeter {
  greet(): string {
    return 'hello';
  }
}

test('an inherited method is replaced on the object alone, and removed again by restoring', () => {
  const greeter = new Greeter();
  const restore = patchMethod(greeter, 'greet', () => 'patched');
  expect(greeter.greet()).toBe('patched');
  expect(Object.keys(greeter)).toEqual([]);
  expect(new Greeter().greet()).toBe('hello');
  expect(restore()).toBe(true);
  expect(Object.hasOwn(greeter, 'greet')).toBe(false);
});

test("an object's own method gets its own descriptor back", () => {
  const own = { greet: () => 'own' };
  const before = Object.getOwnPropertyDescriptor(own, 'greet');
  const restore = patchMethod(own, 'greet', () => 'patched');
  expect(Object.keys(own)).toEqual(['greet']);
  expect(restore()).toBe(true);
  expect(Object.getOwnPropertyDescriptor(own, 'greet')).toEqual(before);
});

test('a method that another package has wrapped since stays', () => {
  const greeter = new Greeter();
  const restore = patchMethod(greeter, 'greet', () => 'patched');
  const { greet } = greeter;
  setMethod(greeter, 'greet', () => `wrapped ${greet()}`);
  expect(restore()).toBe(false);
  expect(greeter.greet()).toBe('wrapped patched');
});

test('a method that was frozen since stays, and restoring does not throw', () => {
  const greeter = new Greeter();
  const restore = patchMethod(greeter, 'greet', () => 'patched');
  Object.freeze(greeter);
  expect(restore()).toBe(false);
  expect(greeter.greet()).toBe('patched');
});
