import { expect, it } from 'vitest';
import { LinkedCalls } from '../src/linked-calls.ts';
import type { Row } from '../src/tree.ts';
import { chat, makeSpans, rowsOf, type SpanPlan } from './spans.ts';

const call = { type: 'tool_call', id: 'call_0', name: 'find' };
const response = { type: 'tool_call_response', id: 'call_0', response: 'found' };
const model = (
  name: string,
  start: number,
  given: readonly object[],
  ...answer: readonly object[]
): SpanPlan =>
  chat(
    {
      'gen_ai.input.messages': JSON.stringify([{ role: 'tool', parts: given }]),
      'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: answer }]),
    },
    { name, start },
  );
const tool = (start: number, id?: string): SpanPlan => ({
  name: `tool ${start}`,
  start,
  attributes: { 'gen_ai.operation.name': 'execute_tool', ...(id && { 'gen_ai.tool.call.id': id }) },
});

/** The calls of each tool as text: who requested it, the tool, and who was given its result. */
function linksOf(...children: readonly SpanPlan[]): string[] {
  const rows = rowsOf(makeSpans({ name: 'program', children }));
  const calls = new LinkedCalls(rows);
  const nameOf = (row: Row | undefined): string => row?.span.name ?? '–';
  return rows
    .filter(({ span }) => span.name.startsWith('tool'))
    .map((row) => {
      const { asked, used } = calls.find(row.span.attributes['gen_ai.tool.call.id'], row);
      return [asked, row, used].map(nameOf).join(' > ');
    });
}

it('links a call with its tool and its first use, not with those that have it in their history', () => {
  expect(
    linksOf(
      model('a', 0, [], call),
      tool(1, 'call_0'),
      model('b', 2, [response]),
      model('c', 3, [call, response]),
    ),
  ).toEqual(['a > tool 1 > b']);
});

it('tells apart calls with the same id', () => {
  expect(
    linksOf(
      model('a', 0, [], call),
      tool(1, 'call_0'),
      model('b', 2, [response], call),
      tool(3, 'call_0'),
      model('c', 4, [response, response]),
    ),
  ).toEqual(['a > tool 1 > b', 'b > tool 3 > c']);
});

it('links a tool without an id, or whose content was not recorded, to the model calls beside it', () => {
  const bare = (name: string, start: number): SpanPlan => chat({}, { name, start });
  expect(linksOf(bare('a', 0), tool(1), tool(2, 'call_0'), bare('b', 3), tool(4))).toEqual([
    'a > tool 1 > b',
    'a > tool 2 > b',
    'b > tool 4 > –',
  ]);
});

it('knows the name of a call from anywhere in the trace', () => {
  const calls = new LinkedCalls(rowsOf(makeSpans(model('a', 0, [call, response]))));
  expect(calls.nameOf(response)).toBe('find');
  expect(calls.nameOf({ type: 'tool_call_response', id: 'other' })).toBeUndefined();
});
