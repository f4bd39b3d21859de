import type { Row } from '../tree.ts';

export interface AlignedStep {
  readonly depth: number;
  readonly one: Row | undefined;
  readonly other: Row | undefined;
}

const MAX_STEPS = 2_000;
/** Steps below this depth are not compared. */
const MAX_STEP_DEPTH = 100;

/**
 * Aligns the steps of two traces. Steps match if they have the same name, below steps that match, and the same number
 * among the siblings of that name. What only the other trace has comes after its siblings.
 */
export function alignedSteps(one: readonly Row[], other: readonly Row[], depth = 1): AlignedStep[] {
  if (depth > MAX_STEP_DEPTH) return [];
  const [all, others] = [byNumberedName(one), byNumberedName(other)];
  const steps = [...new Set([...all.keys(), ...others.keys()])].flatMap((name) => {
    const step = { depth, one: all.get(name), other: others.get(name) };
    return [step, ...alignedSteps(step.one?.children ?? [], step.other?.children ?? [], depth + 1)];
  });
  return steps.slice(0, MAX_STEPS);
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
