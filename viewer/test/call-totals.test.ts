import { expect, it } from 'vitest';
import { callTotals } from '../src/call-totals.ts';
import { summarize } from '../src/trace-summary.ts';
import { chat, makeSpans, type SpanPlan, tokens, treesOf } from './spans.ts';

function tracesOf(...plans: readonly SpanPlan[]): Parameters<typeof callTotals>[0] {
  return treesOf(makeSpans(...plans)).map((tree) => ({ summary: summarize(tree) }));
}

it('sums calls by model and tool, with the time that half and 95 of 100 of them took', () => {
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find' };
  const tool = { name: 'execute_tool find', end: 7, attributes };
  const [failed = tool, ...calls] = Array.from({ length: 100 }, (_, i) =>
    chat(
      { 'gen_ai.request.model': 'gpt-4o', ...tokens(10, 1), ...(i < 2 && { 'openai.cost': 0.5 }) },
      { end: i + 1, error: i === 0 },
    ),
  );
  const model = { inputTokens: 1000, outputTokens: 100, cost: 1, unpriced: 98 };
  expect(
    callTotals(tracesOf({ name: 'one', children: [...calls, tool] }, { name: 'two', children: [failed] })),
  ).toEqual([
    { kind: 'model', name: 'gpt-4o', calls: 100, errors: 1, median: 50, p95: 95, ...model },
    { kind: 'tool', name: 'find', calls: 1, errors: 0, median: 7, p95: 7, unpriced: 0 },
  ]);
});
