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

test('nine consecutive failures do not open the breaker, the tenth does', () => {
  const { breaker, fail } = startBreaker();
  fail(9);
  expect(breaker.admit()).toBe(true);
  breaker.failed();
  expect(breaker.open).toBe(true);
  expect(breaker.admit()).toBe(false);
});

test('a success resets the count of failures', () => {
  const { breaker, fail } = startBreaker();
  fail(9);
  breaker.succeeded();
  fail(9);
  expect(breaker.open).toBe(false);
});

test('an open breaker refuses and counts everything for 60 seconds', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 59_999;
  expect(breaker.admit()).toBe(false);
  expect(breaker.admit(5)).toBe(false);
  expect(breaker.dropped).toBe(6);
});

test('then a successful attempt closes it', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 60_000;
  expect([breaker.admit(), breaker.admit()]).toEqual([true, false]);
  breaker.succeeded();
  expect([breaker.admit(), breaker.admit()]).toEqual([true, true]);
});

test('then a failed attempt keeps it open for as long again', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 60_000;
  fail(1);
  clock.time += 59_999;
  expect(breaker.admit()).toBe(false);
  clock.time += 1;
  expect(breaker.admit()).toBe(true);
});

test('an attempt that never reports does not keep it open for ever', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 60_000;
  breaker.admit();
  clock.time += 60_000;
  expect(breaker.admit()).toBe(true);
});

test('work that was in progress when it opened does not extend the pause', () => {
  const { breaker, clock, fail } = startBreaker();
  fail(10);
  clock.time += 30_000;
  breaker.failed();
  clock.time += 30_000;
  expect(breaker.admit()).toBe(true);
});
