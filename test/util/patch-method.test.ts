import { expect, test } from 'vitest';
import { patchMethod } from '../../src/util/patch-method.ts';

class Greeter {
  greet(): string {
    return 'hello';
  }
}

test('a method that was frozen since stays, and restoring does not throw', () => {
  const greeter = new Greeter();
  const restore = patchMethod(greeter, 'greet', () => 'patched');
  Object.freeze(greeter);
  expect(restore()).toBe(false);
  expect(greeter.greet()).toBe('patched');
});
