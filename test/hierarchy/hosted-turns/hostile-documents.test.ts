import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { resolveSettings } from '../../../src/config/config.ts';
import { readHostedSpans } from '../../../src/hierarchy/hosted-turns/read-document.ts';
import { recordHostedTurn } from '../../../src/hierarchy/hosted-turns/record-hosted-turn.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { mutated, mutation } from '../../fuzz/mutations.ts';
import { make, type Recipe } from '../../fuzz/recipe.ts';
import { runs, SEED } from '../../fuzz/runs.ts';
import { callGrowthOf } from '../../support/call-growth.ts';
import { type HostedScript, hostedTrace } from '../../support/simulator/hosted-trace.ts';
import type { Turn } from '../../support/simulator/session-objects.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

const CREATED_AT = 1_800_000_000;
const TURN = { id: 'turn_1', session_id: 'sess_1', created_at: CREATED_AT } as Turn;
const TRACE_ID = 'a'.repeat(32);

type SpanFields = Readonly<Record<string, unknown>>;

function span(id: number, fields: SpanFields = {}): SpanFields {
  return {
    traceId: TRACE_ID,
    spanId: id.toString(16).padStart(16, '0'),
    name: `span ${id}`,
    startTimeUnixNano: `${CREATED_AT}000000000`,
    endTimeUnixNano: `${CREATED_AT}000001000`,
    ...fields,
  };
}

function documentOf(spans: readonly unknown[]): unknown {
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

interface Recorder {
  readonly spans: readonly ReadableSpan[];
  record(document: unknown, id?: string): readonly ReadableSpan[];
}

function startRecorder(content = false): Recorder {
  const { spans, verify } = recordTelemetry({ content });
  const config = content ? { captureMessageContent: 'SPAN_ONLY' as const } : {};
  const telemetry = new Telemetry(resolveSettings(config, () => undefined, {}));
  onTestFinished(verify);
  return {
    spans,
    record(document, id = 'turn_1') {
      const before = spans.length;
      const turn = { id, origin: 'x', conversationId: 'sess_1', createdAt: CREATED_AT * 1e3, document };
      recordHostedTurn(telemetry, turn, undefined, ROOT_CONTEXT);
      return spans.slice(before);
    },
  };
}

const skippedOf = (spans: readonly ReadableSpan[]): unknown =>
  spans.at(-1)?.attributes['openai.hosted.skipped_spans'];

it('500 spans of a turn are recorded, and the others are counted', () => {
  const { record } = startRecorder();
  const many = Array.from({ length: 1_000_000 }, (_, index) => (index < 501 ? span(index + 1) : {}));
  const spans = record(documentOf(many));
  expect(spans).toHaveLength(501);
  expect(skippedOf(spans)).toBe(999_500);
  expect(record(documentOf([span(501), span(502)]))).toEqual([]);
});

it('4 MiB of a turn are read, and the spans beyond are counted', () => {
  const { record } = startRecorder();
  const text = (size: number) => ({ attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(size) } }] });
  const spans = record(
    documentOf([
      span(1, text(5_000_000)),
      span(2, text(4_190_000)),
      ...[3, 4, 5, 6].map((id) => span(id, text(9_000))),
    ]),
  );
  expect(spans.map(({ name, attributes }) => [name, attributes['openai.hosted.skipped_details']])).toEqual([
    ['span 1', 1],
    ['span 2', undefined],
    ['span 3', 1],
    ['span 4', 1],
    ['span 5', 1],
    ['span 6', 1],
    ['hosted turn', undefined],
  ]);
  const small = Array.from({ length: 20_000 }, (_, index) => span(index + 1, { startTimeUnixNano: '1' }));
  expect(readHostedSpans(documentOf([...small, span(9)]), CREATED_AT * 1e3, new Map())).toMatchObject({
    spans: [],
    skipped: 20_001,
  });
});

it.each([
  ['a circle of parents', [1, 2, 3].map((id) => span(id, { parentSpanId: span((id % 3) + 1).spanId }))],
  ['a span that is its own parent', [1, 2, 3].map((id) => span(id, { parentSpanId: span(id).spanId }))],
  ['children before their parents', [3, 2, 1].map((id) => span(id, { parentSpanId: span(id - 1).spanId }))],
])('%s: each span is recorded, below another one or the turn', (_, given) => {
  const spans = startRecorder().record(documentOf(given));
  expect(spans.map(({ name }) => name).sort()).toEqual(['hosted turn', 'span 1', 'span 2', 'span 3']);
  const ids = spans.map((each) => each.spanContext().spanId);
  for (const { name, parentSpanContext } of spans)
    if (name !== 'hosted turn') expect(ids).toContain(parentSpanContext?.spanId);
});

it.each<[string, SpanFields]>([
  ['the year 1', { startTimeUnixNano: '-62135596800000000000' }],
  ['1970', { startTimeUnixNano: '1' }],
  ['the year 9999', { endTimeUnixNano: '253402300799000000000' }],
  ['the next century', { startTimeUnixNano: '4200000000000000000', endTimeUnixNano: '4200000000000000001' }],
  ['no end', { endTimeUnixNano: '0' }],
  ['an end before its start', { endTimeUnixNano: `${CREATED_AT - 1}000000000` }],
  ['a time that is no number', { startTimeUnixNano: { toString: 1 } }],
  ['an infinite time', { startTimeUnixNano: Number.NEGATIVE_INFINITY }],
])('a span of %s is left out and counted', (_, times) => {
  const spans = startRecorder().record(documentOf([span(1), span(2, times)]));
  expect(spans.map(({ name }) => name)).toEqual(['span 1', 'hosted turn']);
  expect(skippedOf(spans)).toBe(1);
});

it('the work does not grow beyond the limits, and is linear below them', async () => {
  const chain = (length: number) =>
    documentOf(
      Array.from({ length }, (_, index) => span(index + 1, { parentSpanId: span(index).spanId })).reverse(),
    );
  const { record } = startRecorder();
  let turns = 0;
  expect(await callGrowthOf(100, (size) => void record(chain(size), `turn_${++turns}`))).toBeLessThan(2.2);
  const many = Array.from({ length: 100_000 }, () => span(1, { startTimeUnixNano: '1' }));
  expect(
    await callGrowthOf(
      50_000,
      (size) => void readHostedSpans(documentOf(many.slice(0, size)), CREATED_AT * 1e3, new Map()),
    ),
  ).toBeLessThan(1.1);
});

it('a deep value is read to a limit', () => {
  let value: unknown = { stringValue: 'x' };
  for (let depth = 0; depth < 20_000; depth++)
    value =
      depth % 2 ? { arrayValue: { values: [value] } } : { kvlistValue: { values: [{ key: 'k', value }] } };
  const [recorded] = startRecorder(true).record(
    documentOf([span(1, { attributes: [{ key: 'input', value }] })]),
  );
  expect(recorded?.attributes.input).toMatch(/^\[\{"k":\[/);
});

const HOSTED: readonly HostedScript[] = [
  { name: 'a', attributes: { input: { text: ['x', 1] }, 'gen_ai.usage.input_tokens': 5, c: [1, 2] } },
  { name: 'b', kind: 3, error: 'It failed.', below: [{ name: 'c' }, { name: 'd' }] },
];

it('no document makes the recording fail, or leaves a span open', () => {
  const { record, spans } = startRecorder(true);
  const { otlp } = hostedTrace(TURN, HOSTED) as unknown as { readonly otlp: Recipe };
  let turns = 0;
  const property = fc.property(fc.array(mutation(false), { minLength: 1, maxLength: 6 }), (mutations) => {
    record(make(mutated(otlp, mutations)), `turn_${++turns}`);
  });
  fc.assert(property, { numRuns: runs(300), seed: SEED });
  expect(spans.length).toBeGreaterThan(300);
  expect({}).not.toHaveProperty('polluted');
});
