/** Longer texts are not compared: the comparison takes time in proportion to both lengths. */
const MAX_COMPARED_LENGTH = 80;

/**
 * Finds the accepted name that a misspelt one was probably meant to be. Case and punctuation do not count.
 *
 * @param maxEdits how many letters may differ. Default: a third of the longer name
 */
export function nearestName(
  given: string,
  names: readonly string[],
  maxEdits: number = Number.POSITIVE_INFINITY,
): string | undefined {
  const letters = lettersOf(given);
  let nearest: string | undefined;
  let fewest = maxEdits + 1;
  for (const name of names) {
    const other = lettersOf(name);
    const limit = Math.min(fewest - 1, Math.floor(Math.max(letters.length, other.length) / 3));
    if (Math.abs(letters.length - other.length) > limit) continue;
    const edits = countEdits(letters, other);
    if (edits <= limit) [nearest, fewest] = [name, edits];
  }
  return nearest;
}

function lettersOf(name: string): string {
  return name
    .slice(0, MAX_COMPARED_LENGTH)
    .toLowerCase()
    .replace(/[^a-z\d]/g, '');
}

/** Counts the letters to insert, remove, replace or swap with the next one (optimal string alignment). */
function countEdits(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, current];
  }
  return last[to.length] ?? 0;
}
