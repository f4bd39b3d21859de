/** As it was before a test of the program replaced it; some runtimes have none. */
const immediately: (run: () => void) => unknown = globalThis.setImmediate ?? setTimeout;

/** Resolves once everything has been done that could be done without waiting for anything. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void immediately(resolve));
}

/** Waits until all of the promises have settled, some milliseconds at most; none of them may reject. */
export async function settledWithin(
  milliseconds: number,
  promises: Iterable<Promise<unknown>>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([Promise.all(promises), patience]);
  clearTimeout(timer);
}
