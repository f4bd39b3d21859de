import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IDLE_SWEEP_INTERVAL_MS, SweepTimer } from '../../src/util/sweep-timer.ts';

// The tests advance the timers of the package.
vi.mock('../../src/util/platform-timers.ts', () => ({ platformTimers: () => globalThis }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing = (): void => undefined;

test('a timer sweeps once a minute while nothing is open, and as before when something is', () => {
  const sweep = vi.fn();
  const timer = new SweepTimer(sweep, nothing);
  timer.wake(1_000);
  vi.advanceTimersByTime(3_000);
  expect(sweep).toHaveBeenCalledTimes(3);
  timer.idle();
  timer.idle();
  expect(timer.isAwake).toBe(false);
  vi.advanceTimersByTime(2 * IDLE_SWEEP_INTERVAL_MS);
  expect(sweep).toHaveBeenCalledTimes(5);
  timer.wake(1_000);
  vi.advanceTimersByTime(1_000);
  expect(sweep).toHaveBeenCalledTimes(6);
  timer.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('a sweep that throws is followed by the next one', () => {
  const sweep = vi.fn(() => {
    throw new Error('broken');
  });
  const timer = new SweepTimer(sweep, nothing);
  timer.wake(1_000);
  vi.advanceTimersByTime(2_000);
  expect(sweep).toHaveBeenCalledTimes(2);
  timer.stop();
});
