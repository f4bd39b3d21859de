import { expect, test } from 'vitest';
import { pointsOf, spansOf } from '../../scripts/e2e/otlp.ts';

const TRACE = '5b8efff798038103d269b633813fc60c';
const SPAN = 'eee19b7ec3c1b174';
const EXPECTED = {
  traceId: TRACE,
  spanId: SPAN,
  parentSpanId: '',
  name: 'chat',
  startTime: [1_795_170_406, 1],
  endTime: [1_795_170_407, 0],
  attributes: { tokens: 3, models: ['a'] },
};

test.each([
  [
    'OTLP/JSON',
    {
      traceId: TRACE,
      spanId: SPAN,
      name: 'chat',
      startTimeUnixNano: '1795170406000000001',
      endTimeUnixNano: '1795170407000000000',
      attributes: [
        { key: 'tokens', value: { intValue: '3' } },
        { key: 'models', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
      ],
    },
  ],
  [
    'messages of protobuf',
    {
      traceId: Buffer.from(TRACE, 'hex'),
      spanId: Buffer.from(SPAN, 'hex'),
      parentSpanId: Buffer.alloc(0),
      name: 'chat',
      startTimeUnixNano: halves(1_795_170_406_000_000_001n),
      endTimeUnixNano: halves(1_795_170_407_000_000_000n),
      attributes: [
        { key: 'tokens', value: { intValue: halves(3n) } },
        { key: 'models', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
      ],
    },
  ],
  [
    'base64 ids, snake case names and null fields',
    {
      trace_id: Buffer.from(TRACE, 'hex').toString('base64'),
      span_id: Buffer.from(SPAN, 'hex').toString('base64'),
      parent_span_id: null,
      name: 'chat',
      start_time_unix_nano: '1795170406000000001',
      end_time_unix_nano: '1795170407000000000',
      attributes: [
        { key: 'tokens', value: { string_value: null, int_value: 3 } },
        { key: 'models', value: { array_value: { values: [{ string_value: 'a' }] } } },
      ],
    },
  ],
])('spans are read from %s', (_, span) => {
  expect(spansOf({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })).toEqual([EXPECTED]);
});

test('histograms are read as their sum, other metrics as their value', () => {
  const metrics = [
    { name: 'duration', unit: 's', histogram: { dataPoints: [{ sum: 1.5, attributes: [] }] } },
    { name: 'limit', unit: '1', gauge: { dataPoints: [{ asInt: '7', attributes: [] }] } },
  ];
  expect(pointsOf({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })).toEqual([
    { metric: 'duration', unit: 's', value: 1.5, attributes: {} },
    { metric: 'limit', unit: '1', value: 7, attributes: {} },
  ]);
});

function halves(value: bigint): { low: number; high: number } {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(value >> 32n) };
}
