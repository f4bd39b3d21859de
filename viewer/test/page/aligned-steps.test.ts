import { expect, it } from 'vitest';
import { callGrowthOf } from '../../../test/support/call-growth.ts';
import { alignedSteps } from '../../src/page/aligned-steps.ts';
import type { Row } from '../../src/tree.ts';
import { makeSpans, type SpanPlan, treesOf } from '../spans.ts';

function rowsFrom(...children: readonly SpanPlan[]): Row[] {
  return treesOf(makeSpans({ name: 'program', children })).flatMap(({ rows }) => rows);
}

/** Steps as text: `=` in both, `-` in the first alone, `+` in the other alone. */
function alignment(one: readonly Row[], other: readonly Row[]): string[] {
  return alignedSteps(one, other).map((step) => {
    const sign = step.one === undefined ? '+' : step.other === undefined ? '-' : '=';
    return `${sign} ${'.'.repeat(((step.one ?? step.other)?.depth ?? 1) - 1)}${(step.one ?? step.other)?.span.name}`;
  });
}

const step = (name: string, start: number, children: readonly SpanPlan[] = []): SpanPlan => ({
  name,
  start,
  children,
});

it('puts steps of one name side by side, in their order and below the same steps', () => {
  const one = rowsFrom(step('chat', 0), step('find', 1, [step('GET', 1)]), step('chat', 2), step('end', 3));
  const other = rowsFrom(
    step('chat', 0),
    step('book', 1, [step('GET', 1)]),
    step('chat', 2),
    step('chat', 3),
    step('end', 4),
  );
  expect(alignment(one, other)).toEqual([
    '= program',
    '= .chat',
    '- .find',
    '- ..GET',
    '= .chat',
    '= .end',
    '+ .book',
    '+ ..GET',
    '+ .chat',
  ]);
});

it('aligns thousands of steps, and traces thousands of levels deep', () => {
  const many = Array.from({ length: 5_000 }, (_, i) => step(`span ${i}`, i));
  expect(alignedSteps(rowsFrom(...many), rowsFrom(...many.slice(1))).length).toBe(2_000);
  let deep = step('deepest', 0);
  for (let i = 0; i < 3_000; i++) deep = step('level', 0, [deep]);
  const steps = alignment(rowsFrom(deep), rowsFrom(deep));
  expect(steps.length).toBe(2_000);
  expect(steps.every((each) => each.startsWith('='))).toBe(true);
});

it('compares traces without a common step in linear time', async () => {
  const named = (name: string, size: number): Row[] =>
    rowsFrom(...Array.from({ length: size }, (_, i) => step(`${name} ${i}`, i)));
  const growth = await callGrowthOf(2_000, (size) => alignedSteps(named('a', size), named('b', size)));
  expect(growth).toBeLessThan(2.1);
});
