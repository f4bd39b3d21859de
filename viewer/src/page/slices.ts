/** How long the page may work before it handles what the reader does. */
const SLICE_MS = 15;

/**
 * Does work in slices of time, the first at once, and then calls `end` with its result.
 *
 * @returns a function that stops the work
 */
export function runInSlices<Result>(
  work: Generator<undefined, Result>,
  end: (result: Result) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const goOn = (): void => {
    const pause = Date.now() + SLICE_MS;
    for (let next = work.next(); ; next = work.next()) {
      if (next.done) {
        end(next.value);
        return;
      }
      if (Date.now() < pause) continue;
      timer = setTimeout(goOn);
      return;
    }
  };
  goOn();
  return () => clearTimeout(timer);
}
