import { afterEach, describe, expect, test, vi } from 'vitest';
import { LastingClock, monotonic, now } from '../../src/util/clock.ts';

afterEach(() => vi.restoreAllMocks());

/** Sets both clocks, in milliseconds. */
function set(date: number, performanceTime: number): void {
  vi.spyOn(Date, 'now').mockReturnValue(date);
  vi.spyOn(performance, 'now').mockReturnValue(performanceTime);
}

test('the clock continues in fractions between two milliseconds', () => {
  set(1_000_000, 10);
  const start = now();
  set(1_000_000, 10.25);
  expect(now() - start).toBeCloseTo(0.25);
});

test('the clock follows jumps of the wall clock in both directions', () => {
  set(2_000_000, 20);
  now();
  set(1_000_000, 21);
  expect(Math.floor(now())).toBe(1_000_000);
  set(9_000_000, 22);
  expect(now()).toBe(9_000_000);
});

test('the clock continues at once after the wall clock was set back', () => {
  set(4_000_000, 40);
  now();
  set(3_000_000, 40.25);
  const start = now();
  set(3_000_000, 40.5);
  expect(now() - start).toBeCloseTo(0.25);
  expect(now() - 3_000_000).toBeLessThan(1);
});

test('a wait between the readings of the two clocks does not set the clock', () => {
  set(3_000_000, 30);
  const start = now();
  vi.spyOn(Date, 'now').mockReturnValue(3_000_005);
  vi.spyOn(performance, 'now').mockReturnValueOnce(30.25).mockReturnValue(35.5);
  expect(now() - start).toBeCloseTo(0.25);
  set(3_000_006, 36);
  expect(now() - start).toBeCloseTo(6);
});

test("the clock is never a millisecond away from the SDK's timestamps", () => {
  for (let step = 0; step < 10_000; step++) {
    // Both clocks go on, the one of performance a little faster.
    set(Math.floor(5_000_000 + step * 0.3), 100 + step * 0.3003);
    expect(Math.abs(now() - Date.now())).toBeLessThanOrEqual(1);
  }
});

test('the clock does not visibly step back, even if one source runs faster', () => {
  let last = 0;
  for (let step = 0; step < 10_000; step++) {
    set(Math.floor(6_000_000 + step * 0.3), 100 + step * 0.3003);
    const time = now();
    expect(time - last).toBeGreaterThan(-0.01);
    last = time;
  }
});

describe('the clock of something that lasts', () => {
  test('continues as before when the wall clock is set meanwhile', () => {
    set(1_000_000, 10);
    const clock = new LastingClock();
    const start = clock.now();
    for (const date of [-2_600_000, 4_600_000]) {
      set(date, 20);
      expect(clock.now() - start).toBeCloseTo(10);
    }
    expect(clock.current).toBeDefined();
  });

  test('follows the wall clock as far as that is only adjusted', () => {
    set(1_000_000, 10);
    const clock = new LastingClock();
    set(1_010_005, 10_010);
    expect(clock.now()).toBe(now());
    expect(clock.current).toBeUndefined();
  });

  test('catches up with the wall clock as what begins meanwhile does, and is not behind it', () => {
    set(2_000_000, 10);
    const clock = new LastingClock();
    set(2_000_001, 10.2);
    const below = new LastingClock();
    set(2_000_001, 10.6);
    expect(clock.now()).toBe(below.now());
    expect(clock.current).toBeUndefined();
  });

  test('is that of the span above, if it has one', () => {
    set(1_000_000, 10);
    expect(new LastingClock(500).now()).toBe(510);
  });
});

test('the clock for deadlines is not affected by jumps', () => {
  set(1_000_000, 10);
  const start = monotonic();
  set(9_000_000, 12);
  expect(monotonic() - start).toBe(2);
});
