import { platformTimers } from './timers.ts';

/** Resolves on the next turn of the event loop, after all pending microtasks. */
export function nextTurn(): Promise<void> {
  const { setImmediate, setTimeout } = platformTimers() ?? globalThis;
  // Some runtimes have no `setImmediate`.
  const immediately: (run: () => void) => unknown = setImmediate ?? setTimeout;
  return new Promise((resolve) => void immediately(resolve));
}

/** Waits until all promises have settled or the time is over. No promise may reject. @returns whether all have settled */
export async function settledWithin(
  milliseconds: number,
  promises: Iterable<Promise<unknown>>,
): Promise<boolean> {
  const { clearTimeout, setTimeout } = platformTimers() ?? globalThis;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const areSettled = await Promise.race([Promise.all(promises).then(() => true), timeout]);
  clearTimeout(timer);
  return areSettled;
}
