/** How long the page may work before it handles what the reader does. */
const SLICE_MS = 15;
/** Work of fewer steps is done at once. */
const MAX_STEPS_AT_ONCE = 50;

/**
 * Does work in slices of time, and then calls `end` with its result: at once after little work, or else in a task of its
 * own, because showing the result takes time, too.
 *
 * @returns a function that stops the work
 */
export function runInSlices<Result>(
  work: Generator<undefined, Result>,
  end: (result: Result) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const goOn = (maxSteps: number): void => {
    const pause = Date.now() + SLICE_MS;
    for (let steps = 0; steps < maxSteps && Date.now() < pause; steps++) {
      const { done, value } = work.next();
      if (!done) continue;
      if (timer === undefined) end(value);
      else timer = setTimeout(() => end(value));
      return;
    }
    timer = setTimeout(() => goOn(Number.POSITIVE_INFINITY));
  };
  goOn(MAX_STEPS_AT_ONCE);
  return () => clearTimeout(timer);
}
