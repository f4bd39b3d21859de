import type { Row } from '../tree.ts';

export interface AlignedStep {
  readonly depth: number;
  readonly one: Row | undefined;
  readonly other: Row | undefined;
}

const MAX_STEPS = 2_000;

type StepPair = readonly [one: Row | undefined, other: Row | undefined];

/** Aligns the steps of two traces. Steps match if they have the same name, below steps that match. */
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

/** Pairs siblings by their name and their number among the siblings of that name, in the order of the first trace. */
function pairsOf(one: readonly Row[], other: readonly Row[]): StepPair[] {
  const [all, others] = [byNumberedName(one), byNumberedName(other)];
  const added = [...others];
  const pairs: StepPair[] = [];
  const push = (count: number): void => {
    for (const [name, row] of added.splice(0, count)) if (!all.has(name)) pairs.push([undefined, row]);
  };
  for (const [name, row] of all) {
    push(added.findIndex(([each]) => each === name) + 1);
    pairs.push([row, others.get(name)]);
  }
  push(added.length);
  return pairs;
}

function byNumberedName(rows: readonly Row[]): ReadonlyMap<string, Row> {
  const counts = new Map<string, number>();
  return new Map(
    rows.slice(0, MAX_STEPS).map((row) => {
      const number = (counts.get(row.span.name) ?? 0) + 1;
      counts.set(row.span.name, number);
      return [`${number} ${row.span.name}`, row];
    }),
  );
}
