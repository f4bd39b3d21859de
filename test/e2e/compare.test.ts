import { describe, expect, test } from 'vitest';
import { comparePoints, compareSpans } from '../../scripts/e2e/compare.ts';
import type { StoredPoint, StoredSpan } from '../../scripts/e2e/sent.ts';

function span(spanId: string, parentSpanId: string, changes: Partial<StoredSpan> = {}): StoredSpan {
  return {
    traceId: 'a'.repeat(32),
    spanId: spanId.repeat(16),
    parentSpanId: parentSpanId.repeat(16),
    name: `span ${spanId}`,
    startTime: [1_795_170_406, 123_456_789],
    endTime: [1_795_170_407, 0],
    attributes: { 'openai.thread.id': 'thread_1', 'gen_ai.usage.input_tokens': 3, tags: ['a', 'b'] },
    ...changes,
  };
}

const SENT = [span('1', ''), span('2', '1'), span('3', '1')];

/** What was sent, with one span changed. */
function receive(index: number, changes: Partial<StoredSpan>): StoredSpan[] {
  return SENT.map((sent, at) => (at === index ? { ...sent, ...changes } : sent));
}

describe('a backend has the spans that were sent', () => {
  test('in any order', () => {
    expect(compareSpans(SENT, SENT.toReversed())).toEqual({ difference: undefined, notes: [] });
  });

  test('with times in microseconds, and values as JSON', () => {
    const rounded: StoredSpan = {
      ...span('2', '1'),
      startTime: [1_795_170_406, 123_456_000],
      attributes: { 'openai.thread.id': '"thread_1"', 'gen_ai.usage.input_tokens': '3', tags: '["a","b"]' },
    };
    expect(compareSpans(SENT, receive(1, rounded))).toEqual({ difference: undefined, notes: [] });
  });

  test.each([
    ['misses a span', SENT.slice(0, 2)],
    ['has one more', [...SENT, span('4', '1')]],
    ['has another parent', receive(2, { parentSpanId: '2'.repeat(16) })],
    ['has another name', receive(2, { name: 'renamed' })],
    [
      'has other tokens',
      receive(2, { attributes: { ...SENT[2]?.attributes, 'gen_ai.usage.input_tokens': 4 } }),
    ],
    ['has nothing', []],
  ])('unless it %s', (_, received) => {
    expect(compareSpans(SENT, received).difference).toContain('read back:');
  });

  test('and other differences are reported', () => {
    const { 'openai.thread.id': thread, tags } = SENT[1]?.attributes ?? {};
    const attributes = { 'openai.thread.id': thread, 'gen_ai.usage.input_tokens': 3 };
    expect(compareSpans(SENT, receive(1, { attributes })).notes).toEqual(['without `tags`']);
    const other = { ...attributes, tags: [tags] };
    expect(compareSpans(SENT, receive(1, { attributes: other })).notes).toEqual(['another `tags`']);
    expect(compareSpans(SENT, receive(1, { endTime: [1_795_170_408, 0] })).notes).toEqual(['other times']);
  });
});

describe('a backend has the points that were sent', () => {
  const point: StoredPoint = { metric: 'm', unit: 's', value: 1.5, attributes: { 'server.port': 443 } };

  test('with its own names and attributes', () => {
    const received = { ...point, attributes: { server_port: '443', job: 'tutor' } };
    expect(comparePoints([point], [received])).toBeUndefined();
  });

  test.each([
    ['another value', { ...point, value: 1.6 }],
    ['another attribute', { ...point, attributes: { server_port: '80' } }],
    ['no such attribute', { ...point, attributes: {} }],
    ['another metric', { ...point, metric: 'n' }],
  ])('unless with %s', (_, received) => {
    expect(comparePoints([point], [received])).toContain('not found:');
  });
});
