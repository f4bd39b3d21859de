import { expect, test } from 'vitest';
import { CircuitBreaker } from '../../src/util/circuit-breaker.ts';

/** A breaker with a clock that the test moves. */
function startBreaker(): { breaker: CircuitBreaker; clock: { time: number }; fail(times: number): void } {
  const clock = { time: 1_000 };
  const breaker = new CircuitBreaker({ clock: () => clock.time });
  const fail = (times: number): void => {
    for (let index = 0; index < times; index++) {
      breaker.admit();
      breaker.failed();
    }
  };
  return { breaker, clock, fail };
}

test('nine failures in a row do not open it, the tenth does', () => {
  const { breaker, fail } = startBreaker();
  fail(9);
  expect(breaker.admit()).toBe(true);
  breaker.failed();
  expect(breaker.open).toBe(true);
  expect(breaker.admit()).toBe(false);
});

test('a success in between starts the count again', () => {
  const { breaker, fail } = startBreaker();
  fail(9);
  breaker.succeeded();
  fail(9);
  expect(breaker.open).toBe(false);
});

test('for 60 seconds it refuses all, and counts what', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 59_999;
  expect(breaker.admit()).toBe(false);
  expect(breaker.admit(5)).toBe(false);
  expect(breaker.dropped).toBe(6);
});

test('then one attempt closes it by its success', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 60_000;
  expect([breaker.admit(), breaker.admit()]).toEqual([true, false]);
  breaker.succeeded();
  expect([breaker.admit(), breaker.admit()]).toEqual([true, true]);
});

test('or keeps it open for as long again by its failure', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 60_000;
  fail(1);
  clock.time += 59_999;
  expect(breaker.admit()).toBe(false);
  clock.time += 1;
  expect(breaker.admit()).toBe(true);
});

test('an attempt that never tells how it went does not keep it open for ever', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 60_000;
  breaker.admit();
  clock.time += 60_000;
  expect(breaker.admit()).toBe(true);
});

test('what was under way when it opened makes the pause no longer', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 30_000;
  breaker.failed();
  clock.time += 30_000;
  expect(breaker.admit()).toBe(true);
});
