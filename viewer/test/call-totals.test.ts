import { expect, it } from 'vitest';
import { callTotals, GROUPINGS } from '../src/call-totals.ts';
import { summarize } from '../src/trace-summary.ts';
import { chat, makeSpans, type SpanPlan, tokens, treesOf } from './spans.ts';

function totalsBy(term: string, ...plans: readonly SpanPlan[]): ReturnType<typeof callTotals> {
  const traces = treesOf(makeSpans(...plans)).map((tree) => ({ summary: summarize(tree) }));
  return callTotals(traces, GROUPINGS.find((each) => each.term === term) ?? GROUPINGS[0]);
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
  const plans = [
    { name: 'one', children: [...calls, tool] },
    { name: 'two', children: [failed] },
  ];
  const none = { cached: 0, reasoning: 0, firstMedian: 0, firstP95: 0, parts: [] };
  const model = { inputTokens: 1000, outputTokens: 100, cost: 1, unpriced: 98, ...none };
  expect(totalsBy('model', ...plans)).toEqual([
    { kind: 'model', name: 'gpt-4o', calls: 100, errors: 1, median: 50, p95: 95, ...model },
  ]);
  expect(totalsBy('tool', ...plans)).toEqual([
    { kind: 'tool', name: 'find', calls: 1, errors: 0, median: 7, p95: 7, unpriced: 0, ...none },
  ]);
});

const answered = (model: string, more = {}): SpanPlan =>
  chat({ 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': model, 'openai.cost': 1, ...more });

it('counts failed calls for the requested model, above the models that answered', () => {
  const failed = chat({ 'gen_ai.request.model': 'gpt-4o' }, { error: true });
  const calls = [answered('gpt-4o-1'), answered('gpt-4o-1'), answered('gpt-4o-2'), failed];
  expect(totalsBy('model', { name: 'program', children: calls })).toMatchObject([
    {
      name: 'gpt-4o',
      calls: 4,
      errors: 1,
      cost: 3,
      parts: [
        { name: 'gpt-4o-1', calls: 2, errors: 0, cost: 2 },
        { name: 'gpt-4o-2', calls: 1, errors: 0, cost: 1 },
      ],
    },
  ]);
  expect(totalsBy('model', { name: 'program', children: [answered('gpt-4o'), failed] })).toMatchObject([
    { name: 'gpt-4o', calls: 2, errors: 1, parts: [] },
  ]);
});

it.each([
  [
    'user',
    [
      { name: 'ann', calls: 2 },
      { name: undefined, calls: 1 },
    ],
  ],
  [
    'agent',
    [
      { name: 'Tutor', calls: 1 },
      { name: undefined, calls: 2 },
    ],
  ],
  [
    'conversation',
    [
      { name: 'thread_1', calls: 1 },
      { name: undefined, calls: 2 },
    ],
  ],
  [
    'prompt',
    [
      {
        name: 'greet',
        parts: [
          { name: '1', calls: 1 },
          { name: '2', calls: 1 },
        ],
      },
      { name: undefined, calls: 1 },
    ],
  ],
  ['service', [{ name: undefined, calls: 3 }]],
])('groups by %s, which a span above the call may have', (term, expected) => {
  const version = (number: string): object => ({
    'gen_ai.prompt.name': 'greet',
    'gen_ai.prompt.version': number,
  });
  const agent: SpanPlan = {
    name: 'invoke_agent Tutor',
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'Tutor',
      'openai.thread.id': 'thread_1',
    },
    children: [answered('gpt-4o', version('1'))],
  };
  const ofAnn = {
    name: 'ann',
    attributes: { 'user.id': 'ann' },
    children: [agent, answered('gpt-4o', version('2'))],
  };
  const found = totalsBy(term, ofAnn, { name: 'other', children: [answered('gpt-4o')] });
  expect(found.toSorted((a, b) => String(a.name).localeCompare(String(b.name)))).toMatchObject(
    expected.toSorted((a, b) => String(a.name).localeCompare(String(b.name))),
  );
});

it('sums cached and reasoning tokens, and the times to the first token', () => {
  const streamed = (first: number): SpanPlan =>
    answered('gpt-4o', {
      'gen_ai.usage.cache_read.input_tokens': 100,
      'gen_ai.usage.reasoning.output_tokens': 7,
      'gen_ai.response.time_to_first_chunk': first,
    });
  expect(
    totalsBy('model', { name: 'program', children: [streamed(2), streamed(1), answered('gpt-4o')] }),
  ).toMatchObject([{ cached: 200, reasoning: 14, firstMedian: 1_000, firstP95: 2_000 }]);
});
