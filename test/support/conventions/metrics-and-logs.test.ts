import { describe, expect, it } from 'vitest';
import type { CheckedLogRecord, CheckedMetric } from './check.ts';
import { checkLogRecord, checkMetric } from './check.ts';
import { detailsRecord, durationMetric, exceptionRecord, tokenMetric } from './examples.ts';

function withDescriptor(
  metric: CheckedMetric,
  descriptor: Partial<CheckedMetric['descriptor']>,
): CheckedMetric {
  return { ...metric, descriptor: { ...metric.descriptor, ...descriptor } };
}

function withPoint(
  metric: CheckedMetric,
  attributes: Record<string, unknown>,
  value?: unknown,
): CheckedMetric {
  return {
    ...metric,
    dataPoints: metric.dataPoints.map((point) => ({
      attributes: { ...point.attributes, ...attributes },
      value: value ?? point.value,
    })),
  };
}

describe('has no findings for correct metrics', () => {
  it('finds nothing in metrics as they should be', () => {
    expect([...checkMetric(durationMetric()), ...checkMetric(tokenMetric())]).toEqual([]);
  });

  const rows: [rule: string, metric: CheckedMetric, finding: string][] = [
    [
      'an unknown metric',
      withDescriptor(tokenMetric(), { name: 'openai.tokens' }),
      'openai.tokens: is in no registry',
    ],
    [
      'the wrong unit',
      withDescriptor(durationMetric(), { unit: 'ms' }),
      'gen_ai.client.operation.duration: unit is ms, should be s',
    ],
    [
      'the wrong type of value',
      withDescriptor(tokenMetric(), { valueType: 1 }),
      'gen_ai.client.token.usage: value type is double, should be int',
    ],
    [
      'the wrong instrument',
      { ...durationMetric(), dataPointType: 3 },
      'gen_ai.client.operation.duration: instrument is counter, should be histogram',
    ],
    [
      'the wrong instrument, told by the descriptor',
      withDescriptor(tokenMetric(), { type: 'COUNTER' }),
      'gen_ai.client.token.usage: instrument is counter, should be histogram',
    ],
    [
      'other buckets',
      withPoint(durationMetric(), {}, { sum: 1, buckets: { boundaries: [1, 2] } }),
      'gen_ai.client.operation.duration: buckets is 1,2, should be 0.01,0.02,0.04,0.08,0.16,0.32,0.64,1.28,2.56,5.12,10.24,20.48,40.96,81.92',
    ],
    [
      'a fraction of a token',
      withPoint(tokenMetric(), {}, { sum: 1.5, min: 1 }),
      'gen_ai.client.token.usage: has the value 1.5, should be int',
    ],
    [
      'a negative duration',
      withPoint(durationMetric(), {}, { sum: 1, min: -1 }),
      'gen_ai.client.operation.duration: has the negative value -1',
    ],
    [
      'an attribute that multiplies the series',
      withPoint(tokenMetric(), { 'openai.thread.id': 'thread_1' }),
      'gen_ai.client.token.usage: openai.thread.id is not listed for gen_ai.client.token.usage',
    ],
    [
      'a missing attribute',
      withPoint(tokenMetric(), { 'gen_ai.token.type': undefined }),
      'gen_ai.client.token.usage: gen_ai.token.type is missing (required)',
    ],
  ];

  it.each(rows)('reports: %s', (_rule, metric, finding) => {
    expect(checkMetric(metric)).toContain(finding);
  });
});

describe('checkLogRecord', () => {
  it('has no findings for correct log records', () => {
    expect([...checkLogRecord(exceptionRecord()), ...checkLogRecord(detailsRecord())]).toEqual([]);
  });

  const exception = exceptionRecord();
  const details = detailsRecord();
  const rows: [rule: string, record: CheckedLogRecord, finding: string][] = [
    ['an unknown event', { ...exception, eventName: 'gen_ai.choice' }, 'gen_ai.choice: is in no registry'],
    [
      'the wrong severity',
      { ...exception, severityNumber: 17 },
      'gen_ai.client.operation.exception: severity is 17, should be 13',
    ],
    [
      'an unknown attribute',
      { ...exception, attributes: { ...exception.attributes, 'openai.nonsense': 1 } },
      'gen_ai.client.operation.exception: openai.nonsense is in no registry',
    ],
    [
      'an exception of an unnamed operation',
      { ...exception, attributes: { 'exception.type': 'Error', 'error.type': 'x' } },
      'gen_ai.client.operation.exception: gen_ai.operation.name is missing (recommended)',
    ],
    [
      'an exception without type and message',
      { ...exception, attributes: { 'error.type': 'x' } },
      'gen_ai.client.operation.exception: exception.type and exception.message are both missing',
    ],
    [
      'a missing attribute',
      { ...details, attributes: { 'gen_ai.operation.name': 'chat' } },
      'gen_ai.client.inference.operation.details: gen_ai.provider.name is missing (required)',
    ],
    [
      'the details of a tool call without the provider',
      {
        ...details,
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'get_weather' },
      },
      'gen_ai.client.inference.operation.details: gen_ai.provider.name is missing (required)',
    ],
    [
      'content as a string',
      { ...details, attributes: { ...details.attributes, 'gen_ai.input.messages': '[]' } },
      'gen_ai.client.inference.operation.details: gen_ai.input.messages is a string, should be structured',
    ],
    [
      'content against its schema',
      { ...details, attributes: { ...details.attributes, 'gen_ai.input.messages': [{ role: 'user' }] } },
      "gen_ai.client.inference.operation.details: gen_ai.input.messages does not match gen-ai-input-messages.json: /0 must have required property 'parts'",
    ],
  ];

  it.each(rows)('reports: %s', (_rule, record, finding) => {
    expect(checkLogRecord(record)).toContain(finding);
  });

  it('allows a failed operation without response attributes', () => {
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'error.type': 'x',
    };
    expect(checkLogRecord({ ...details, attributes })).toEqual([]);
  });

  it('finds content without consent, and the message of an exception', () => {
    const record = {
      ...exception,
      attributes: { ...exception.attributes, 'exception.message': 'You said …' },
    };
    expect([
      ...checkLogRecord(record, { content: false }),
      ...checkLogRecord(details, { content: false }),
    ]).toEqual([
      'gen_ai.client.operation.exception: exception.message is content, which is not allowed here',
      'gen_ai.client.inference.operation.details: gen_ai.input.messages is content, which is not allowed here',
    ]);
  });
});
