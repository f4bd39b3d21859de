import { expect, test } from 'vitest';
import { complete } from '../../src/util/platform.ts';

test('a runtime that lacks nothing is used as it is', () => {
  expect(complete(globalThis)).toBe(globalThis);
});

test('what a runtime has is used beside what it lacks', () => {
  const platform = complete({ WeakRef });
  expect(platform.WeakRef).toBe(WeakRef);
  expect(platform.performance.now()).toBeGreaterThan(platform.performance.timeOrigin);
});

test('without weak references, the objects that were used last are held', () => {
  const platform = complete({});
  const make = (_: unknown, number: number) => new platform.WeakRef({ number });
  const references = Array.from({ length: 1_000 }, make);
  expect(references[0]?.deref()).toEqual({ number: 0 });
  const others = Array.from({ length: 2 }, make);
  expect([...references.slice(0, 4), ...others].map((each) => each.deref()?.number)).toEqual([
    0,
    undefined,
    undefined,
    3,
    0,
    1,
  ]);
});

test('without a registry, lost objects go unnoticed', () => {
  const platform = complete({});
  const registry = new platform.FinalizationRegistry(() => undefined);
  const object = {};
  registry.register(object, 1, object);
  registry.unregister(object);
});
