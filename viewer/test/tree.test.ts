import { describe, expect, it } from 'vitest';
import { callGrowthOf } from '../../test/support/call-growth.ts';
import { type FinishedSpan, isLocalRoot } from '../src/viewed-span.ts';
import { makeSpans, rawSpan, rowsOf, type SpanPlan, treesOf } from './spans.ts';

function draw(spans: readonly FinishedSpan[]): string[] {
  return rowsOf(spans).map(({ branch, span }) => branch + span.name);
}

describe('buildTrees', () => {
  it('puts children below parents that arrive later', () => {
    const spans = makeSpans({
      name: 'a',
      children: [{ name: 'b', children: [{ name: 'c' }] }, { name: 'd' }],
    });
    expect(spans.map((span) => span.name)).toEqual(['c', 'b', 'd', 'a']);
    expect(draw(spans)).toEqual(['a', '├─ b', '│  └─ c', '└─ d']);
  });

  it('keeps spans without their parent as further roots of the trace', () => {
    const spans = makeSpans({
      name: 'a',
      children: [{ name: 'b', start: 1, open: true, children: [{ name: 'c', start: 2 }] }],
    });
    expect(treesOf(spans)).toHaveLength(1);
    expect(draw(spans)).toEqual(['a', 'c']);
  });

  it('knows a span without a parent in this process', () => {
    const isRemote = { ...rawSpan('c'), parentSpanContext: { spanId: 'elsewhere', isRemote: true } };
    expect([rawSpan('a'), rawSpan('b', 'a'), isRemote].map(isLocalRoot)).toEqual([true, false, true]);
  });

  it('cuts circles of parents, so that every span appears once', () => {
    const circle = [rawSpan('1', '3'), rawSpan('2', '1'), rawSpan('3', '2')];
    expect(draw([...circle, rawSpan('4', '4'), rawSpan('5', '4')])).toEqual([
      '1',
      '└─ 2',
      '   └─ 3',
      '4',
      '└─ 5',
    ]);
  });

  it('cuts a circle once, with what stands below it, in linear time', async () => {
    const leaves = (count: number): FinishedSpan[] =>
      Array.from({ length: count }, (_, index) => rawSpan(`leaf ${index}`, '1'));
    const circle = [rawSpan('1', '2'), rawSpan('2', '1')];
    expect(draw([...leaves(2), ...circle])).toEqual(['1', '├─ leaf 0', '├─ leaf 1', '└─ 2']);
    expect(await callGrowthOf(1_000, (size) => treesOf([...leaves(size), ...circle]))).toBeLessThan(2.1);
  });

  it('puts a transcription, which arrives late, before the answer to it', () => {
    const attributes = { 'gen_ai.operation.name': 'speech_to_text', 'openai.api.type': 'realtime' };
    const heard = { name: 'speech_to_text whisper-1', attributes };
    const spans = makeSpans({ name: 'realtime', children: [{ name: 'chat' }, heard] });
    expect(draw(spans)).toEqual(['realtime', '├─ speech_to_text whisper-1', '└─ chat']);
  });

  it('shows two spans with the same id', () => {
    expect(draw([rawSpan('1', ''), rawSpan('1', ''), rawSpan('2', '1')])).toEqual(['1', '└─ 2', '1']);
  });

  const ofTool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find' };
  const tool = (children: readonly SpanPlan[], more: Partial<SpanPlan> = {}): FinishedSpan[] =>
    makeSpans({ name: 'execute_tool find', attributes: ofTool, ...more, children });
  const find = {
    name: 'find',
    attributes: { 'openai.trace.input': '["x"]' },
    events: [{ name: 'retried', at: 0 }],
    children: [{ name: 'GET', children: [{ name: 'dns' }] }],
  };

  it('makes one row of a tool call and the function that does its work', () => {
    for (const error of [false, true]) {
      const spans = tool([{ ...find, error }], { error });
      expect(draw(spans)).toEqual(['execute_tool find', '└─ GET', '   └─ dns']);
      const [row, below] = rowsOf(spans);
      expect(below?.parent).toBe(row);
      expect(row?.span.attributes).toEqual({ ...ofTool, ...find.attributes });
      expect(row?.span.events?.map(({ name }) => name)).toEqual(['retried']);
    }
  });

  it.each<[string, readonly SpanPlan[], Partial<SpanPlan>?]>([
    ['has another name', [{ name: 'search' }]],
    ['is one of two', [{ name: 'find' }, { name: 'log' }]],
    ['is an operation itself', [{ name: 'find', attributes: ofTool }]],
    ['fails, which the tool call does not', [{ name: 'find', error: true }]],
    ['is below another operation', [{ name: 'find' }], { attributes: { 'gen_ai.tool.name': 'find' } }],
  ])('makes no row less if a function %s', (_, children, more) => {
    expect(draw(tool(children, more))).toHaveLength(children.length + 1);
  });

  it('draws a chain of thousands of spans with bounded indentation', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => rawSpan(String(i), String(i - 1)));
    const lines = draw(chain);
    expect(lines).toHaveLength(10_000);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(320);
  });
});
