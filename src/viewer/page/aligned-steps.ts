import type { Row } from '../tree.ts';

/** A step of two traces, or of one of them. */
export interface AlignedStep {
  readonly depth: number;
  readonly one: Row | undefined;
  readonly other: Row | undefined;
}

/** Siblings of each trace that are aligned by their names. Further ones are aligned by their places. */
const MAX_ALIGNED = 300;
/** Steps that are listed. */
export const MAX_STEPS = 2_000;

type StepPair = readonly [one: Row | undefined, other: Row | undefined];

/** Puts the steps of two traces side by side: those with one name, in one order, below the same steps. */
export function alignedSteps(one: readonly Row[], other: readonly Row[]): AlignedStep[] {
  const childrenOf = [one, other].map((rows) => Map.groupBy(rows, ({ parent }) => parent));
  const below = ([a, b]: StepPair): StepPair[] => {
    const [first = [], second = []] = [a, b].map((row, i) => childrenOf[i]?.get(row) ?? []);
    if (a === undefined && b === undefined) return pairsOf(first, second);
    return pairsOf(a === undefined ? [] : first, b === undefined ? [] : second);
  };
  const steps: AlignedStep[] = [];
  // The last is next. No recursion: a trace can be thousands of levels deep.
  const pending = below([undefined, undefined])
    .map((pair) => ({ pair, depth: 1 }))
    .reverse();
  for (let next = pending.pop(); next !== undefined && steps.length < MAX_STEPS; next = pending.pop()) {
    const { pair, depth } = next;
    steps.push({ depth, one: pair[0], other: pair[1] });
    for (const each of below(pair).reverse()) pending.push({ pair: each, depth: depth + 1 });
  }
  return steps;
}

/** The longest common subsequence of two lists of siblings, with what is in one of them alone in between. */
function pairsOf(one: readonly Row[], other: readonly Row[]): StepPair[] {
  const [a, b] = [one.slice(0, MAX_ALIGNED), other.slice(0, MAX_ALIGNED)];
  const width = b.length + 1;
  /** The length of the longest common subsequence of the rests from two places. */
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
  return a?.node.span.name === b?.node.span.name;
}
