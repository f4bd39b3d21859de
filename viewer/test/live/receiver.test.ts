import { deflateSync, gzipSync } from 'node:zlib';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LiveView, startLiveView } from '../../src/live/live-view.ts';
import type { TraceChanges, TraceLists } from '../../src/trace-store.ts';
import type { ViewedSpan } from '../../src/viewed-span.ts';
import { MATH_TUTOR, makeSpans } from '../spans.ts';
import { evaluationOf, get, listsOf, otlp, otlpLogs, post } from './requests.ts';

let live: LiveView;
beforeEach(async () => {
  live = await startLiveView(0, () => {});
});
afterEach(() => live.close());

const span = (traceId: string, spanId = '1', more: object = {}): object => ({
  traceId,
  spanId,
  name: 'chat gpt-4o',
  ...more,
});
const post1 = (body: string | Uint8Array, headers = {}): ReturnType<typeof post> =>
  post(`${live.address}/v1/traces`, body, headers);
const send = (...spans: readonly object[]): ReturnType<typeof post> => post1(otlp(...spans));
const sendLogs = (...records: readonly unknown[]): ReturnType<typeof post> =>
  post(`${live.address}/v1/logs`, otlpLogs(...records));
const lists = (filter?: string): Promise<TraceLists> => listsOf(live.page, filter);
const spansOf = async (id: string): Promise<ViewedSpan[]> =>
  (await lists()).traces.find((trace) => trace.id === id)?.trace.rows.map((row) => row.span) ?? [];
const changesAfter = async (after: number, more = ''): Promise<TraceChanges> =>
  JSON.parse((await get(live.page, `/api/spans?after=${after}${more}`)).text);

describe('what the exporters of OpenTelemetry send', () => {
  const values = {
    'a.list': ['x', 'y'],
    'a.negative.number': -5,
    'a.large.number': 2 ** 45,
    'a.fraction': 0.25,
    'a.truth': true,
    'a.text': 'Grüße 🚂',
  };
  const spans = makeSpans({
    ...MATH_TUTOR,
    attributes: { ...MATH_TUTOR.attributes, ...values },
  }) as unknown as ReadableSpan[];
  const exporters = { json: JsonExporter, protobuf: ProtobufExporter };

  test.each([
    ['json', 'none'],
    ['json', 'gzip'],
    ['protobuf', 'none'],
    ['protobuf', 'gzip'],
  ] as const)('as %s, compressed by %s, is shown', async (format, compression) => {
    const url = `${live.address}/v1/traces`;
    const exporter = new exporters[format]({ url, compression: compression as never });
    const result = await new Promise<{ code: number }>((resolve) => exporter.export(spans, resolve));
    await exporter.shutdown();
    expect(result.code).toBe(0);
    const { traces } = await lists();
    const summary = { inputTokens: 381, outputTokens: 88 };
    expect(traces).toMatchObject([{ found: 5, inProgress: false, trace: { title: 'thread', summary } }]);
    const shown = await spansOf(traces[0]?.id ?? '');
    const root = shown.find(({ name }) => name === 'thread');
    expect(root).toMatchObject({
      start: [1_767_225_600, 0],
      end: [1_767_225_614, 200_000_000],
      attributes: values,
    });
    expect(shown.filter(({ parentId }) => parentId === root?.spanId)).toHaveLength(1);
  });
});

test('a trace is in progress until its root arrives, and a span that is sent twice is shown once', async () => {
  await send(span('t', 'child', { parentSpanId: 'root' }));
  expect((await lists()).traces).toMatchObject([{ id: 't', inProgress: true }]);
  await send(span('t', 'root'));
  await send(span('t', 'root', { name: 'again' }));
  expect((await lists()).traces).toMatchObject([
    { id: 't', inProgress: false, found: 2, trace: { title: 'again' } },
  ]);
});

test('a list has the newest trace first, and what the filter finds', async () => {
  const at = (seconds: number): object => ({ startTimeUnixNano: `${seconds}000000000` });
  await send(span('b', '1', at(2)), span('c', '1', { ...at(3), status: { code: 2 } }), span('a', '1', at(1)));
  const ids = async (filter: string): Promise<string[]> => (await lists(filter)).traces.map(({ id }) => id);
  expect(await ids('')).toEqual(['c', 'b', 'a']);
  expect(await ids('b')).toEqual(['b']);
  expect(await ids('error:')).toEqual(['c']);
});

test('evaluations are events of the span that they are about, whichever arrives first', async () => {
  const evaluate = (spanId: string): ReturnType<typeof post> =>
    sendLogs(evaluationOf('t', spanId), { traceId: 't', spanId, eventName: 'another' });
  await evaluate('late');
  await send(span('t', 'early'), span('t', 'late'));
  await evaluate('early');
  const event = { name: 'gen_ai.evaluation.result', attributes: { 'gen_ai.evaluation.name': 'helpful' } };
  expect(await spansOf('t')).toMatchObject([{ events: [event] }, { events: [event] }]);
});

describe('a page', () => {
  test('gets the spans that changed since it asked, alone, and waits if it has all', async () => {
    await send(span('t', 'a'), span('t', 'b'), span('u', 'a'));
    const { revision } = await changesAfter(0);
    expect(await changesAfter(revision)).toMatchObject({ revision, spans: [] });
    const waiting = changesAfter(revision, '&wait');
    await send(span('t', 'c'));
    expect((await waiting).spans).toMatchObject([{ spanId: 'c' }]);
    await sendLogs(evaluationOf('t', 'a'));
    const { traces, spans } = await changesAfter(revision);
    expect(traces).toMatchObject([{ id: 'u' }, { id: 't', omitted: 0 }]);
    expect(spans).toMatchObject([{ spanId: 'c' }, { parentId: 'a', isEvaluation: true }]);
    // Of a viewer that was restarted, the page has nothing.
    expect((await changesAfter(revision + 1_000)).spans).toHaveLength(5);
  });

  test('gets all spans in parts, though a trace changed again after another one', async () => {
    const large = { attributes: [{ key: 'x', value: { stringValue: 'x'.repeat(4_000_000) } }] };
    await send(span('t', 'a', large), span('u', 'a', large), span('u', 'b', large));
    await send(span('t', 'b'));
    expect((await lists()).traces).toMatchObject([{ found: 2 }, { found: 2 }]);
  });
});

test.each(['application/json', 'application/x-protobuf'])(
  'metrics and logs are taken, as %s',
  async (type) => {
    const body = type === 'application/json' ? '{}' : '';
    for (const signal of ['metrics', 'logs', 'traces']) {
      const answer = await post(`${live.address}/v1/${signal}`, body, { 'content-type': type });
      expect(answer).toMatchObject({ status: 200, text: body, headers: { 'content-type': type } });
    }
  },
);

test('bodies that are compressed by deflate are read', async () => {
  const answer = await post1(deflateSync(otlp(span('t'))), { 'content-encoding': 'deflate' });
  expect(answer.status).toBe(200);
  expect(await spansOf('t')).toHaveLength(1);
});

/** A message that has another message as its only field. */
function protobuf(field: number, inner: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = inner.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length, rest]), inner]);
}

/** A span whose attribute is nested deep. */
function nested(levels: number): Buffer {
  let value: Buffer = Buffer.from([]);
  for (let i = 0; i < levels; i++) value = protobuf(5, protobuf(1, value));
  return protobuf(9, Buffer.concat([protobuf(1, Buffer.from('deep')), protobuf(2, value)]));
}

describe('refused is', () => {
  const PROTOBUF = { 'content-type': 'application/x-protobuf' };
  const zeros = Buffer.alloc(65 * 2 ** 20, ' ');
  const millionsOf = (tag: number): Buffer => Buffer.alloc(4_000_002, Buffer.from([tag, 0]));
  test.each<[string, number, string | Uint8Array, Record<string, string>]>([
    ['what is not JSON', 400, 'no', {}],
    ['what is not protobuf', 400, 'no', PROTOBUF],
    ['what is not gzip', 400, 'no', { 'content-encoding': 'gzip' }],
    ['another compression', 415, 'no', { 'content-encoding': 'br' }],
    ['another type', 415, '{}', { 'content-type': 'text/plain' }],
    ['a body over 64 MiB', 413, zeros, {}],
    ['a small body over 64 MiB when decompressed', 413, gzipSync(zeros), { 'content-encoding': 'gzip' }],
    ['a body of millions of empty values', 413, `[${'{},'.repeat(5_000_001)}{}]`, {}],
    ...(
      [
        ['a span of millions of empty attributes', millionsOf(0x4a)],
        ['a span that repeats its name millions of times', millionsOf(0x2a)],
        ['a span of millions of fields that are not read', millionsOf(0x78)],
        ['a span that is nested over 100 levels deep', nested(5_000)],
      ] as const
    ).map(([name, fields]): [string, number, Uint8Array, Record<string, string>] => [
      `${name} in protobuf`,
      400,
      protobuf(1, protobuf(2, protobuf(2, fields))),
      PROTOBUF,
    ]),
  ])('%s', async (_, status, body, headers) => {
    expect((await post1(body, headers)).status).toBe(status);
    expect((await send(span('t'))).status).toBe(200);
  });
});

test('of more than 500 traces the oldest is dropped first', async () => {
  await send(...Array.from({ length: 500 }, (_, i) => span(`t${i}`)));
  await send(span('t0', '2'));
  await send(span('new'));
  const { traces, dropped } = await lists();
  expect([traces.length, dropped]).toEqual([500, 1]);
  const ids = traces.map(({ id }) => id);
  expect(ids).toContain('t0');
  expect(ids).not.toContain('t1');
});
