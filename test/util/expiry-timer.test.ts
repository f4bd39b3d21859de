import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { expireLater } from '../../src/util/expiry-timer.ts';

// The tests advance the timers of the package.
vi.mock('../../src/util/platform-timers.ts', () => ({ platformTimers: () => globalThis }));

const MINUTE = 60_000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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

test('what is remembered expires once a minute until nothing is left, though nothing else happens', () => {
  const [short, long] = [new Memory(1), new Memory(3)];
  for (const each of [short, long, long]) expireLater(new WeakRef(each));
  vi.advanceTimersByTime(10 * MINUTE);
  expect([short.expired, long.isEmpty]).toEqual([1, true]);
  expect(vi.getTimerCount()).toBe(0);
  expireLater(new WeakRef(short));
  vi.advanceTimersByTime(MINUTE);
  expect([short.expired, vi.getTimerCount()]).toEqual([2, 0]);
});

test('a memory that fails to expire does not keep others from it', () => {
  const broken = new Memory(1);
  broken.expire = () => {
    broken.expired = 1;
    throw new Error('broken');
  };
  const sound = new Memory(1);
  for (const each of [broken, sound]) expireLater(new WeakRef(each));
  vi.advanceTimersByTime(MINUTE);
  expect([sound.expired, vi.getTimerCount()]).toEqual([1, 0]);
});
