import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { evaluationSpan } from '../../src/viewer/evaluations.ts';
import { TraceStore } from '../../src/viewer/trace-store.ts';
import type { ViewedSpan } from '../../src/viewer/viewed-span.ts';
import { callGrowthOf } from '../support/call-growth.ts';

const NO_FILTER = { words: '', onlyErrors: false };

function span(traceId: string, spanId: string, length = 0): ViewedSpan {
  const attributes = { text: 'x'.repeat(length) };
  return { traceId, spanId, name: 'x', kind: 0, start: [1, 0], end: [2, 0], status: 0, attributes };
}

function spansIn(store: TraceStore, id: string): { spans: ViewedSpan[]; omitted: number | undefined } {
  const opened = store.lists(NO_FILTER).traces.find((entry) => entry.id === id);
  return { spans: opened?.trace.rows.map((row) => row.span) ?? [], omitted: opened?.omitted };
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('beyond its size the oldest traces are dropped', () => {
  const store = new TraceStore({ maxSize: 25_000 });
  for (const id of ['a', 'b', 'c']) store.add([span(id, '1', 4_000)]);
  const { traces, dropped } = store.lists(NO_FILTER);
  expect(traces.map(({ id }) => id)).toEqual(['b', 'c']);
  expect(dropped).toBe(1);
});

test('a span that is replaced counts once', () => {
  const store = new TraceStore({ maxSize: 25_000 });
  for (let i = 0; i < 10; i++) store.add([span('a', '1', 4_000)]);
  store.add([span('b', '1', 4_000)]);
  expect(store.lists(NO_FILTER).traces).toHaveLength(2);
});

test('a batch beyond the size drops whole traces, the oldest first, and no evaluation brings one back', () => {
  const store = new TraceStore({ maxSize: 30_000 });
  const ids = ['a', 'b', 'c'];
  const spans = ['1', '2'].flatMap((spanId) => ids.map((id) => span(id, spanId, 4_000)));
  const event = { name: 'e', time: [1, 0] as const };
  const evaluations = ids.map((traceId) => evaluationSpan({ traceId, spanId: '1', event }));
  store.add([...spans.slice(0, 5), ...evaluations.slice(0, 2)]);
  const { traces, dropped } = store.lists(NO_FILTER);
  expect([traces.map(({ id }) => id), dropped]).toEqual([['b'], 2]);
  expect(spansIn(store, 'b')).toMatchObject({ spans: [{ spanId: '1' }, { spanId: '2' }], omitted: 0 });
});

test('an evaluation that is too large for a trace drops nothing', () => {
  const store = new TraceStore({ maxSize: 25_000 });
  store.add([span('a', '1', 4_000)]);
  const event = { name: 'e', time: [1, 0] as const, attributes: { text: 'x'.repeat(20_000) } };
  store.add([evaluationSpan({ traceId: 'a', spanId: '1', event })]);
  expect(spansIn(store, 'a')).toMatchObject({ spans: [{ spanId: '1' }], omitted: 0 });
  expect(store.lists(NO_FILTER)).toMatchObject({ dropped: 0, total: 1 });
});

test('of any number of evaluations of a span, 100 are kept, so that later spans fit', () => {
  const store = new TraceStore({ maxSize: 1_000_000 });
  store.add([span('a', '1')]);
  const rated = (i: number, spanId: string): ViewedSpan =>
    evaluationSpan({ traceId: 'a', spanId, event: { name: 'gen_ai.evaluation.result', time: [i, 0] } });
  for (let i = 0; i < 10_000; i++) store.add([rated(i, '1')]);
  store.add([rated(0, '1'), span('a', '2'), rated(0, '2')]);
  const { spans, omitted } = spansIn(store, 'a');
  expect([spans.map(({ events }) => events?.length), omitted]).toEqual([[100, 1], 0]);
});

test('a trace of evaluations alone is none', () => {
  const store = new TraceStore();
  store.add([evaluationSpan({ traceId: 'a', spanId: '1', event: { name: 'e', time: [1, 0] } })]);
  expect(store.lists(NO_FILTER)).toMatchObject({ traces: [], total: 0 });
});

test('a trace of many conversations is listed in linear time', async () => {
  const list = (size: number): void => {
    const store = new TraceStore();
    const roots = Array.from({ length: size }, (_, index) => ({
      ...span('a', String(index)),
      attributes: { 'gen_ai.conversation.id': `conv_${index}` },
    }));
    store.add(roots);
    const { conversations, unlisted } = store.lists(NO_FILTER);
    expect(conversations.length + unlisted).toBe(size);
  };
  expect(await callGrowthOf(1_000, list)).toBeLessThan(2.1);
});

test('of more than 500 conversations the newest are listed, and the others counted', () => {
  const store = new TraceStore();
  const conversation = (traceId: string, id: number): ViewedSpan => ({
    ...span(traceId, `${id}`),
    attributes: { 'gen_ai.conversation.id': `conv_${id}` },
  });
  store.add(Array.from({ length: 2_000 }, (_, id) => conversation('a', id)));
  store.add([conversation('b', 3), conversation('b', 4)]);
  const { conversations, unlisted } = store.lists(NO_FILTER);
  expect([conversations.length, unlisted]).toEqual([500, 1_500]);
  const ids = conversations.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['conv_3', 'conv_4', 'conv_1502', 'conv_1999']));
  expect(ids).not.toContain('conv_1501');
});

test.each([
  ['empty objects', Array.from({ length: 20_000 }, () => ({}))],
  ['lists in lists', Array.from({ length: 4_000 }, () => [[[[]]]])],
  ['names', Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 1]))],
])('%s are kept within a limit of memory, not of JSON', (_, value) => {
  const store = new TraceStore({ maxSize: 4 * 2 ** 20 });
  const json = JSON.stringify(value);
  const used = heapUsed();
  for (let i = 0; i < 100; i++)
    store.add([{ ...span(`t${i}`, '1'), attributes: { value: JSON.parse(json), i } }]);
  expect(store.lists(NO_FILTER).traces.length).toBeGreaterThan(0);
  expect(heapUsed() - used).toBeLessThan(8 * 2 ** 20);
});

test('a span in progress lasts until now, and never replaces the one that has ended', () => {
  const store = new TraceStore();
  const started: ViewedSpan = { ...span('t', '1'), end: [1, 0], isOpen: true };
  store.add([started]);
  expect(store.lists(NO_FILTER).traces[0]).toMatchObject({ inProgress: true });
  expect(spansIn(store, 't').spans[0]?.end[0]).toBeGreaterThan(1_700_000_000);
  const [before] = store.lists(NO_FILTER).traces;
  expect(store.refreshOpen()).toBe(true);
  expect(store.lists(NO_FILTER).traces[0]?.revision).not.toBe(before?.revision);
  store.add([span('t', '1')]);
  store.add([started]);
  expect(spansIn(store, 't').spans).toEqual([span('t', '1')]);
  expect(store.lists(NO_FILTER).traces[0]).toMatchObject({
    inProgress: false,
    trace: { summary: { outcome: 'ok' } },
  });
  expect(store.refreshOpen()).toBe(false);
});
