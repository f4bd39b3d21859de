import type { Row } from '../tree.ts';

export interface AlignedStep {
  readonly depth: number;
  readonly one: Row | undefined;
  readonly other: Row | undefined;
}

/** How many siblings of each trace are aligned by name. Further siblings are paired by position. */
const MAX_ALIGNED = 300;
const MAX_STEPS = 2_000;

type StepPair = readonly [one: Row | undefined, other: Row | undefined];

/** Aligns the steps of two traces. Steps match if they have the same name and order, below steps that match. */
export function alignedSteps(one: readonly Row[], other: readonly Row[]): AlignedStep[] {
  const steps: AlignedStep[] = [];
  // A stack: the last entry is handled next. No recursion, because a trace can be thousands of levels deep.
  const pending: AlignedStep[] = [];
  const push = (depth: number, pairs: readonly StepPair[]): void => {
    for (const [a, b] of pairs.toReversed()) pending.push({ depth, one: a, other: b });
  };
  push(1, pairsOf(one, other));
  for (let next = pending.pop(); next !== undefined && steps.length < MAX_STEPS; next = pending.pop()) {
    steps.push(next);
    push(next.depth + 1, pairsOf(next.one?.children ?? [], next.other?.children ?? []));
  }
  return steps;
}

/** Pairs siblings by their longest common subsequence. One that only one list has is paired with `undefined`. */
function pairsOf(one: readonly Row[], other: readonly Row[]): StepPair[] {
  const [a, b] = [one.slice(0, MAX_ALIGNED), other.slice(0, MAX_ALIGNED)];
  const width = b.length + 1;
  /** For each pair of positions, the length of the longest common subsequence from there on. */
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = isSameStep(a[i], b[j])
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: StepPair[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && isSameStep(a[i], b[j])) pairs.push([a[i++], b[j++]]);
    else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) pairs.push([a[i++], undefined]);
    else pairs.push([undefined, b[j++]]);
  }
  for (let rest = MAX_ALIGNED; rest < Math.max(one.length, other.length); rest++)
    pairs.push([one[rest], other[rest]]);
  return pairs;
}

function isSameStep(a: Row | undefined, b: Row | undefined): boolean {
  return a?.span.name === b?.span.name;
}
