import type { Row } from '../tree.ts';

export interface AlignedStep {
  readonly depth: number;
  readonly one: Row | undefined;
  readonly other: Row | undefined;
}

export const MAX_STEPS = 2_000;

/**
 * Aligns the spans of two traces. Two spans match if their parents match, and if they have the same name and
 * the same number among siblings of that name. Spans of the other trace alone come after their siblings.
 */
export function alignedSteps(one: readonly Row[], other: readonly Row[]): AlignedStep[] {
  const steps: AlignedStep[] = [];
  // A stack: the last entry is handled next. No recursion, because a trace can be thousands of levels deep.
  const pending = alignedSiblings(one, other, 1).toReversed();
  for (let next = pending.pop(); next !== undefined && steps.length < MAX_STEPS; next = pending.pop()) {
    steps.push(next);
    const below = alignedSiblings(next.one?.children ?? [], next.other?.children ?? [], next.depth + 1);
    pending.push(...below.toReversed());
  }
  return steps;
}

function alignedSiblings(one: readonly Row[], other: readonly Row[], depth: number): AlignedStep[] {
  const [all, others] = [byNumberedName(one), byNumberedName(other)];
  const names = new Set([...all.keys(), ...others.keys()]);
  return [...names].map((name) => ({ depth, one: all.get(name), other: others.get(name) }));
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
