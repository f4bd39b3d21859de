/** A part of a text that the other text has, too, or that only this one has. */
export interface DiffPart {
  readonly text: string;
  readonly isChanged: boolean;
}

/** A word or a sign, with the space after it. In scripts without spaces between words, each character. */
const DIFF_WORDS =
  /\s+|(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{N}])\s*/gu;
const DIFF_LINES = /.*\n|.+$/g;
/** The maximum size of the table of common words. Longer texts are compared by lines, or else not at all. */
const MAX_CELLS = 4_000_000;

/** Compares two texts by words. @returns the parts of each */
export function wordDiff(one: string, other: string): readonly [DiffPart[], DiffPart[]] {
  for (const pattern of [DIFF_WORDS, DIFF_LINES]) {
    const [before, after] = [one.match(pattern) ?? [], other.match(pattern) ?? []];
    const start = before.findIndex((word, i) => !isSame(word, after[i]));
    const same = start < 0 ? before.length : start;
    let end = 0;
    const most = Math.min(before.length, after.length) - same;
    while (end < most && isSame(before.at(-1 - end), after.at(-1 - end))) end++;
    const [rows, columns] = [before.length - same - end, after.length - same - end];
    if (rows * columns > MAX_CELLS) continue;
    const kept = commonWords(before.slice(same, same + rows), after.slice(same, same + columns));
    const isKept = (words: readonly string[], side: 0 | 1) => {
      const found = new Set(kept.map((pair) => pair[side] + same));
      return words.map((_, i) => i < same || i >= words.length - end || found.has(i));
    };
    return [diffParts(before, isKept(before, 0)), diffParts(after, isKept(after, 1))];
  }
  return [diffParts([one], [false]), diffParts([other], [false])];
}

/** Space does not count: it changes where a line is broken elsewhere. */
function isSame(word: string | undefined, other: string | undefined): boolean {
  return word?.trim() === other?.trim();
}

/** The places of the longest common subsequence in both lists. */
function commonWords(one: readonly string[], other: readonly string[]): (readonly [number, number])[] {
  const width = other.length + 1;
  // How many words are common from a pair of places on.
  const lengths = new Uint32Array((one.length + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = one.length - 1; i >= 0; i--)
    for (let j = other.length - 1; j >= 0; j--)
      lengths[i * width + j] = isSame(one[i], other[j])
        ? lengthAt(i + 1, j + 1) + 1
        : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    if (isSame(one[i], other[j])) pairs.push([i++, j++]);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

/** Joins neighbors that are both kept or both changed. */
function diffParts(words: readonly string[], isKept: readonly boolean[]): DiffPart[] {
  const parts: { text: string; isChanged: boolean }[] = [];
  words.forEach((text, i) => {
    const isChanged = !isKept[i];
    const last = parts.at(-1);
    if (last?.isChanged === isChanged) last.text += text;
    else parts.push({ text, isChanged });
  });
  return parts;
}
