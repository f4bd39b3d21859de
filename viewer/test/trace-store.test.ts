import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { evaluationSpan, withEvaluations } from '../src/evaluations.ts';
import { liveStore, type SpanStore } from '../src/span-store.ts';
import { TraceStore } from '../src/trace-store.ts';
import type { ViewedSpan } from '../src/viewed-span.ts';
import { messages, text } from './spans.ts';

function span(traceId: string, spanId: string, length = 0): ViewedSpan {
  const attributes = { text: 'x'.repeat(length) };
  return { traceId, spanId, name: 'x', start: [1, 0], end: [2, 0], status: 0, attributes };
}

function spansIn(store: SpanStore, id: string): { spans: ViewedSpan[]; omitted: number | undefined } {
  const trace = store.traces.get(id);
  return { spans: withEvaluations([...(trace?.spans.values() ?? [])]), omitted: trace?.omitted };
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('a span that is replaced counts once', () => {
  const store = liveStore(25_000);
  for (let i = 0; i < 10; i++) store.take([span('a', '1', 4_000)]);
  store.take([span('b', '1', 4_000)]);
  expect(store.traces.size).toBe(2);
});

const evaluation = (traceId: string, attributes: object = {}): ViewedSpan[] =>
  [
    evaluationSpan({ spanContext: { traceId, spanId: '1' }, hrTime: [1, 0], attributes: { ...attributes } }),
  ].filter((each) => each !== undefined);

test('a batch beyond the size drops whole traces, the oldest first, and no evaluation in it brings one back', () => {
  const store = liveStore(30_000);
  const ids = ['a', 'b', 'c'];
  const spans = ['1', '2'].flatMap((spanId) => ids.map((id) => span(id, spanId, 4_000)));
  store.take([...spans.slice(0, 5), ...evaluation('a'), ...evaluation('b')]);
  expect([[...store.traces.keys()], store.dropped, store.omitted]).toEqual([['b'], 2, 4]);
  expect(spansIn(store, 'b')).toMatchObject({ spans: [{ spanId: '1' }, { spanId: '2' }], omitted: 0 });
});

test('an evaluation that is too large for a trace drops nothing', () => {
  const store = liveStore(25_000);
  store.take([span('a', '1', 4_000)]);
  store.take(evaluation('a', { text: 'x'.repeat(20_000) }));
  expect(spansIn(store, 'a')).toMatchObject({ spans: [{ spanId: '1' }], omitted: 1 });
  expect(store).toMatchObject({ dropped: 0 });
});

test('an evaluation without its span is shown as a span, until that arrives', () => {
  const store = new TraceStore(false);
  store.add(evaluation('a'));
  const shown = () => store.lists('').traces.flatMap(({ trace }) => trace.rows.map((row) => row.span));
  const event = { name: 'gen_ai.evaluation.result' };
  expect(shown()).toMatchObject([{ name: event.name, parentId: undefined, events: [event] }]);
  store.add([span('a', '1')]);
  expect(shown()).toMatchObject([{ spanId: '1', events: [event] }]);
});

test.each([
  ['empty objects', Array.from({ length: 20_000 }, () => ({}))],
  ['lists in lists', Array.from({ length: 4_000 }, () => [[[[]]]])],
  ['names', Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 1]))],
])('%s are kept within a limit of memory, not of JSON', (_, value) => {
  const store = liveStore(4 * 2 ** 20);
  const json = JSON.stringify(value);
  const used = heapUsed();
  for (let i = 0; i < 100; i++)
    store.take([{ ...span(`t${i}`, '1'), attributes: { value: JSON.parse(json), i } }]);
  expect(store.traces.size).toBeGreaterThan(0);
  expect(heapUsed() - used).toBeLessThan(8 * 2 ** 20);
});

test.each([
  ['Latin', 'What is a span?'],
  ['Chinese', '什么是跨度？'],
])('messages in %s and what a search keeps of them are within the limit', (_, words) => {
  const store = liveStore(4 * 2 ** 20);
  const content = words.repeat(2_000);
  const used = heapUsed();
  const kept = new TraceStore(false);
  for (let i = 0; i < 200; i++) {
    const asked = JSON.parse(JSON.stringify(messages('user', text(`${i} ${content}`))));
    store.take([{ ...span(`t${i}`, '1'), attributes: { 'gen_ai.input.messages': asked } }]);
  }
  kept.add(store.spans);
  expect(kept.lists('nothing').traces).toEqual([]);
  expect(store.traces.size).toBeGreaterThan(10);
  expect(heapUsed() - used).toBeLessThan(8 * 2 ** 20);
});

test('a search parses content once', () => {
  const store = new TraceStore(false);
  store.add([
    { ...span('t', '1'), attributes: { 'gen_ai.input.messages': messages('user', text('Hello')) } },
  ]);
  const found = (filter: string): number => store.lists(filter).traces.length;
  expect(found('h')).toBe(1);
  const parse = vi.spyOn(JSON, 'parse');
  expect(found('he')).toBe(1);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
});

test('a span in progress never replaces the one that has ended', () => {
  const store = liveStore();
  const started: ViewedSpan = { ...span('t', '1'), end: [1, 0], isOpen: true };
  store.take([started]);
  expect(spansIn(store, 't').spans).toEqual([started]);
  store.take([span('t', '1')]);
  store.take([started]);
  expect(spansIn(store, 't').spans).toEqual([span('t', '1')]);
});

test('a span in progress lasts until now on a page, and a trace is the same until it changes', () => {
  vi.useFakeTimers({ now: 1_800_000_000_500 });
  const store = new TraceStore(true);
  const receive = (...spans: ViewedSpan[]): void =>
    store.receive({
      revision: 1,
      hasMore: false,
      dropped: 0,
      traces: [{ id: 't', omitted: 0, arrived: Date.now() }],
      spans,
    });
  const shown = () => store.lists('').traces[0];
  receive({ ...span('t', '1'), end: [1, 0], isOpen: true });
  const before = shown();
  expect(before).toMatchObject({ inProgress: true });
  expect(before?.trace.rows[0]?.span.end).toEqual([1_800_000_000, 500_000_000]);
  expect(shown()?.trace).toBe(before?.trace);
  vi.advanceTimersByTime(1_000);
  expect(shown()?.trace.rows[0]?.span.end).toEqual([1_800_000_001, 500_000_000]);
  vi.advanceTimersByTime(10 * 60_000);
  expect(shown()).toMatchObject({ inProgress: false });
  expect(shown()?.trace).toBe(shown()?.trace);
  receive(span('t', '1'));
  expect(shown()).toMatchObject({ inProgress: false, trace: { summary: { outcome: 'ok' } } });
  store.receive({ revision: 2, hasMore: false, dropped: 1, traces: [], spans: [] });
  expect(store.lists('')).toMatchObject({ traces: [], dropped: 1 });
  vi.useRealTimers();
});
