import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SweepTimer } from '../../src/util/sweep-timer.ts';

// The tests advance the timers of the package.
vi.mock('../../src/util/platform-timers.ts', () => ({ platformTimers: () => globalThis }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing = (): void => undefined;

test('a timer sweeps from when it wakes until it stops', () => {
  const sweep = vi.fn();
  const timer = new SweepTimer(sweep, nothing);
  timer.wake(1_000);
  vi.advanceTimersByTime(3_000);
  expect([timer.isAwake, sweep.mock.calls.length]).toEqual([true, 3]);
  timer.stop();
  expect([timer.isAwake, vi.getTimerCount()]).toEqual([false, 0]);
  timer.wake(1_000);
  vi.advanceTimersByTime(1_000);
  expect(sweep).toHaveBeenCalledTimes(4);
  timer.stop();
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
