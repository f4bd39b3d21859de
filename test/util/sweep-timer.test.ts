import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { expiryTimer, SweepTimer } from '../../src/util/sweep-timer.ts';

// The tests advance the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

/** What would run when the process exits. */
const atExit = vi.hoisted(() => new Set<() => void>());
vi.mock(import('../../src/util/process-events.ts'), async (original) => ({
  ...(await original()),
  atExit: (run: () => void) => {
    atExit.add(run);
    return () => void atExit.delete(run);
  },
}));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
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

test('a timer that has stopped does nothing when the process exits', () => {
  const end = vi.fn();
  const timer = new SweepTimer(nothing, end);
  for (let woken = 0; woken < 2; woken++) timer.wake(1_000);
  expect([...atExit]).toEqual([end]);
  timer.stop();
  expect([...atExit]).toEqual([]);
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

/** Is empty once it has expired so often. */
class Memory {
  expired = 0;
  readonly #entries: number;

  constructor(entries: number) {
    this.#entries = entries;
  }

  get isEmpty(): boolean {
    return this.expired >= this.#entries;
  }

  expire(): void {
    this.expired++;
  }
}

test('what is remembered expires at each interval until nothing is left', () => {
  const [short, long] = [new Memory(1), new Memory(3)];
  for (const each of [short, long]) expiryTimer(each).wake(MINUTE);
  vi.advanceTimersByTime(10 * MINUTE);
  expect([short.expired, long.expired]).toEqual([1, 3]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a memory that fails to expire is tried again', () => {
  const broken = new Memory(2);
  broken.expire = () => {
    if (++broken.expired === 1) throw new Error('broken');
  };
  expiryTimer(broken).wake(MINUTE);
  vi.advanceTimersByTime(10 * MINUTE);
  expect([broken.expired, vi.getTimerCount()]).toEqual([2, 0]);
});
