import type { Row } from '../tree.ts';
import { kindOf } from '../viewed-span.ts';

export interface AlignedStep {
  readonly one?: Row;
  readonly other?: Row;
}

export const MAX_STEPS = 2_000;

/**
 * Aligns the spans of two traces. Two spans match if their parents match, and if they have the same operation and the same
 * number among siblings of that operation: the second call of another model is still the second call. Spans without an
 * operation have their name in its place. Spans of the other trace alone come last.
 */
export function alignedSteps(one: readonly Row[], other: readonly Row[]): AlignedStep[] {
  const steps = new Map<string, AlignedStep & { readonly number: number }>();
  for (const [side, rows] of Object.entries({ one, other })) {
    const numbers = new Map<Row | undefined, number>();
    const counts = new Map<string, number>();
    for (const row of rows.slice(0, MAX_STEPS)) {
      const operation = row.parent === undefined ? '' : kindOf(row.span);
      const name = `${numbers.get(row.parent)} ${operation}`;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const step = steps.get(`${count} ${name}`) ?? { number: steps.size };
      steps.set(`${count} ${name}`, { ...step, [side]: row });
      numbers.set(row, step.number);
    }
  }
  return [...steps.values()].slice(0, MAX_STEPS);
}
