import { describe, expect, it } from 'vitest';
import { readOtlpJson } from '../src/otlp-json.ts';
import type { ViewedSpan } from '../src/viewed-span.ts';
import { evaluationOf, otlpLogs } from './live/requests.ts';

const SPAN = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  name: 'chat gpt-4o',
  kind: 3,
  startTimeUnixNano: '1544712660000000001',
  endTimeUnixNano: '1544712661000000002',
  attributes: [
    { key: 'text', value: { stringValue: 'a' } },
    { key: 'int', value: { intValue: '12' } },
    { key: 'double', value: { doubleValue: 0.5 } },
    { key: 'flag', value: { boolValue: true } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } } },
    { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { intValue: 1 } }] } } },
  ],
  events: [{ name: 'e', timeUnixNano: '1544712660500000000', attributes: [] }],
  status: { code: 2, message: 'failed' },
};
const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
const DOCUMENT = {
  resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ scope: { name: 's' }, spans: [SPAN] }] }],
};
const READ = {
  traceId: SPAN.traceId,
  spanId: SPAN.spanId,
  parentId: SPAN.parentSpanId,
  name: 'chat gpt-4o',
  start: [1544712660, 1],
  end: [1544712661, 2],
  status: 2,
  message: 'failed',
  attributes: { text: 'a', int: 12, double: 0.5, flag: true, list: ['a', 1], map: { k: 1 } },
  events: [{ name: 'e', time: [1544712660, 500_000_000], attributes: {} }],
  resource: { 'service.name': 'shop' },
};
/** A span that is read without a document around it. */
const ALONE = { ...READ, resource: undefined };

/** Nothing was passed over. */
const ALL = { omitted: 0, unreadable: 0 };
const LINE = JSON.stringify(DOCUMENT);

/** The span of a line with some fields changed. */
const spanWith = (fields: object): ViewedSpan | undefined =>
  readOtlpJson(JSON.stringify({ ...SPAN, ...fields })).spans[0];

describe('OTLP/JSON', () => {
  it.each([
    ['one document', LINE, { ...ALL, spans: [READ] }],
    ['an indented document', JSON.stringify(DOCUMENT, undefined, 2), { ...ALL, spans: [READ] }],
    [
      'a document per line',
      `${LINE}\n\n${LINE}\r\n{"half`,
      { omitted: 0, unreadable: 1, spans: [READ, READ] },
    ],
    ['a list of documents', JSON.stringify([DOCUMENT, DOCUMENT]), { ...ALL, spans: [READ, READ] }],
    ['a backend response', JSON.stringify({ batches: DOCUMENT.resourceSpans }), { ...ALL, spans: [READ] }],
    ['a response of Tempo 2', JSON.stringify({ trace: DOCUMENT }), { ...ALL, spans: [READ] }],
    ['bare spans', `${JSON.stringify(SPAN)}\n${JSON.stringify(SPAN)}`, { ...ALL, spans: [ALONE, ALONE] }],
    ...[
      'null',
      '',
      '[]',
      '{"resourceSpans":{}}',
      '{"resourceSpans":[null,1,{"scopeSpans":[{"spans":[null,{"traceId":1,"spanId":2}]}]}]}',
    ].map((text): [string, string, object] => [`nothing of ${text}`, text, { ...ALL, spans: [] }]),
  ])('is read from %s', (_, text, found) => {
    expect(readOtlpJson(text)).toEqual(found);
  });

  it('gives the evaluations among log records, with the span that they are about', () => {
    const record = { ...evaluationOf(SPAN.traceId, SPAN.spanId), timeUnixNano: '1544712662000000000' };
    const others = [{ ...record, eventName: 'other' }, { ...record, spanId: '' }, 'x', null];
    const logs = otlpLogs(record, ...others);
    const evaluation = {
      traceId: SPAN.traceId,
      parentId: SPAN.spanId,
      isEvaluation: true,
      name: 'gen_ai.evaluation.result',
      start: [1544712662, 0],
      attributes: { 'gen_ai.evaluation.name': 'helpful' },
    };
    expect(readOtlpJson(`${logs}\n${LINE}`)).toMatchObject({ ...ALL, spans: [evaluation, READ] });
    const both = JSON.stringify({ ...DOCUMENT, ...JSON.parse(logs) });
    expect(readOtlpJson(both)).toMatchObject({ ...ALL, spans: [READ, evaluation] });
  });

  it.each<[string, object]>([
    ['times', { startTimeUnixNano: 'soon', endTimeUnixNano: -5 }],
    ['huge times', { startTimeUnixNano: 1e300, endTimeUnixNano: '9'.repeat(400) }],
    ['texts', { name: 5, status: 'bad', kind: 'SPAN_KIND_CLIENT', parentSpanId: {} }],
    ['lists', { attributes: { key: 1 }, events: 'none' }],
    ['values', { attributes: [null, { key: 'a' }, { key: 'b', value: { arrayValue: 1 } }, { value: {} }] }],
  ])('with %s of the wrong type still has a span', (_, broken) => {
    const { spanId, start = [], end = [] } = spanWith(broken) ?? {};
    expect(spanId).toBe(SPAN.spanId);
    for (const time of [...start, ...end]) expect(Number.isFinite(time)).toBe(true);
  });

  it.each(['', '0000000000000000'])('has a root whose parent is %j', (parentSpanId) => {
    expect(spanWith({ parentSpanId })).toMatchObject({ spanId: SPAN.spanId, parentId: undefined });
  });

  it('keeps other values beside endless nesting and an invalid time', () => {
    const levels = 20_000;
    const nested = `${'{"arrayValue":{"values":['.repeat(levels)}{"intValue":1}${']}}'.repeat(levels)}`;
    const attributes = [{ key: 'nested', value: '@nested' }, ...SPAN.attributes];
    const text = JSON.stringify({ ...SPAN, startTimeUnixNano: '@time', attributes })
      .replace('"@time"', '1e999')
      .replace('"@nested"', nested);
    const [span] = readOtlpJson(text).spans;
    expect(span).toMatchObject({ ...ALONE, start: [0, 0] });
    expect(JSON.stringify(span?.attributes.nested)).toBe(`${'['.repeat(100)}"…"${']'.repeat(100)}`);
  });

  it('has long values cut and marked', () => {
    const attributes = [{ key: 'long', value: { stringValue: 'x'.repeat(200_000) } }];
    const cut = /^x{100000}… \(200000 characters, cut for this page\)$/;
    expect(spanWith({ attributes })?.attributes.long).toMatch(cut);
  });
});
