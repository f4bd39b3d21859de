import { deflateSync, gzipSync } from 'node:zlib';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LiveView, startLiveView } from '../../../src/viewer/live/live-view.ts';
import type { TraceFilter } from '../../../src/viewer/trace-filter.ts';
import type { TraceChanges } from '../../../src/viewer/trace-store.ts';
import type { ViewedSpan } from '../../../src/viewer/viewed-span.ts';
import { MATH_TUTOR, makeSpans } from '../spans.ts';
import { evaluationOf, get, listsOf, otlp, otlpLogs, post } from './requests.ts';

let live: LiveView;
beforeEach(async () => {
  live = await startLiveView(0, undefined, () => {});
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
const spansOf = async (id: string): Promise<ViewedSpan[]> =>
  (await listsOf(live.page)).traces.find((trace) => trace.id === id)?.trace.rows.map((row) => row.span) ?? [];

describe('what the exporters of OpenTelemetry send', () => {
  const spans = makeSpans({
    ...MATH_TUTOR,
    attributes: {
      ...MATH_TUTOR.attributes,
      'a.list': ['x', 'y'],
      'a.negative.number': -5,
      'a.large.number': 2 ** 45,
      'a.fraction': 0.25,
      'a.truth': true,
      'a.text': 'Grüße 🚂',
    },
  }) as unknown as ReadableSpan[];
  const exporters = { json: JsonExporter, protobuf: ProtobufExporter };

  test.each([
    ['json', 'none'],
    ['json', 'gzip'],
    ['protobuf', 'none'],
    ['protobuf', 'gzip'],
  ] as const)('as %s, compressed by %s, is shown', async (format, compression) => {
    const exporter = new exporters[format]({
      url: `${live.address}/v1/traces`,
      compression: compression as never,
    });
    const result = await new Promise<{ code: number }>((resolve) => exporter.export(spans, resolve));
    await exporter.shutdown();
    expect(result.code).toBe(0);

    const { traces, conversations } = await listsOf(live.page);
    expect(traces).toMatchObject([
      {
        found: 5,
        inProgress: false,
        trace: { title: 'thread', summary: { inputTokens: 381, outputTokens: 88 } },
      },
    ]);
    expect(conversations).toMatchObject([
      { id: 'thread_abc123', found: 5, trace: { summary: { inputTokens: 381 } } },
    ]);
    const shown = await spansOf(traces[0]?.id ?? '');
    const root = shown.find(({ name }) => name === 'thread');
    expect(root).toMatchObject({
      start: [1_767_225_600, 0],
      end: [1_767_225_614, 200_000_000],
      attributes: {
        'a.list': ['x', 'y'],
        'a.negative.number': -5,
        'a.large.number': 2 ** 45,
        'a.fraction': 0.25,
        'a.truth': true,
        'a.text': 'Grüße 🚂',
      },
    });
    expect(shown.filter(({ parentId }) => parentId === root?.spanId)).toHaveLength(1);
  });
});

test('a trace is in progress until its root arrives', async () => {
  await post1(otlp(span('t', 'child', { parentSpanId: 'root' })));
  expect((await listsOf(live.page)).traces).toMatchObject([{ id: 't', inProgress: true }]);
  await post1(otlp(span('t', 'root')));
  expect((await listsOf(live.page)).traces).toMatchObject([{ id: 't', inProgress: false, found: 2 }]);
});

test('a span that is sent twice is shown once', async () => {
  await post1(otlp(span('t', 'a')));
  await post1(otlp(span('t', 'a', { name: 'again' })));
  expect(await spansOf('t')).toMatchObject([{ name: 'again' }]);
});

test('a list has the newest trace first, and what the filter finds', async () => {
  const at = (seconds: number): object => ({ startTimeUnixNano: `${seconds}000000000` });
  await post1(
    otlp(span('b', '1', at(2)), span('c', '1', { ...at(3), status: { code: 2 } }), span('a', '1', at(1))),
  );
  const ids = async (query: Partial<TraceFilter>): Promise<string[]> =>
    (await listsOf(live.page, query)).traces.map(({ id }) => id);
  expect(await ids({})).toEqual(['c', 'b', 'a']);
  expect(await ids({ words: 'b' })).toEqual(['b']);
  expect(await ids({ onlyErrors: true })).toEqual(['c']);
});

test('a conversation is collected from all of its traces', async () => {
  const attributes = [
    { key: 'gen_ai.conversation.id', value: { stringValue: 'conv_1' } },
    { key: 'gen_ai.usage.input_tokens', value: { intValue: '7' } },
  ];
  await post1(otlp(span('a', '1', { attributes }), span('a', 'other')));
  await post1(otlp(span('b', '1', { attributes }), span('b', 'below', { parentSpanId: '1' })));
  const { conversations } = await listsOf(live.page);
  expect(conversations).toMatchObject([
    { id: 'conv_1', found: 3, trace: { title: 'conv_1', summary: { inputTokens: 14 } } },
  ]);
  const thread = { name: 'thread', attributes: attributes.slice(0, 1) };
  await post1(otlp(span('c', '1', thread)));
  expect((await listsOf(live.page)).conversations).toMatchObject([{ trace: { title: 'thread' } }]);
  const [opened] = (await listsOf(live.page)).conversations;
  expect(opened?.trace.rows.map(({ span: { traceId, spanId } }) => traceId + spanId)).toEqual([
    'a1',
    'b1',
    'bbelow',
    'c1',
  ]);
});

test('evaluations are events of the span that they are about, whichever arrives first', async () => {
  const evaluation = (spanId: string): string =>
    otlpLogs(evaluationOf('t', spanId), { traceId: 't', spanId, eventName: 'another' });
  await post(`${live.address}/v1/logs`, evaluation('late'));
  await post1(otlp(span('t', 'early'), span('t', 'late')));
  await post(`${live.address}/v1/logs`, evaluation('early'));
  const event = { name: 'gen_ai.evaluation.result', attributes: { 'gen_ai.evaluation.name': 'helpful' } };
  expect(await spansOf('t')).toMatchObject([{ events: [event] }, { events: [event] }]);
});

test('a page gets the spans that changed since it asked, alone', async () => {
  const changesAfter = async (after: number): Promise<TraceChanges> =>
    JSON.parse((await get(live.page, `/api/spans?after=${after}`)).text);
  await post1(otlp(span('t', 'a'), span('t', 'b'), span('u', 'a')));
  const { revision } = await changesAfter(0);
  expect(await changesAfter(revision)).toMatchObject({ revision, spans: [] });
  await post1(otlp(span('t', 'c')));
  await post(`${live.address}/v1/logs`, otlpLogs(evaluationOf('t', 'a')));
  const { traces, spans } = await changesAfter(revision);
  expect(traces).toMatchObject([{ id: 'u' }, { id: 't', omitted: 0 }]);
  expect(spans).toMatchObject([{ spanId: 'c' }, { parentId: 'a', isEvaluation: true }]);
  // Of a viewer that was restarted, the page has nothing.
  expect((await changesAfter(revision + 1_000)).spans).toHaveLength(5);
});

test('a page that has everything waits for what is new', async () => {
  await post1(otlp(span('t', 'a')));
  const { revision } = JSON.parse((await get(live.page, '/api/spans')).text);
  const waiting = get(live.page, `/api/spans?after=${revision}&wait`);
  await post1(otlp(span('t', 'b')));
  expect(JSON.parse((await waiting).text).spans).toMatchObject([{ spanId: 'b' }]);
});

test('a page gets all spans in parts, though a trace changed again after another one', async () => {
  const large = { attributes: [{ key: 'x', value: { stringValue: 'x'.repeat(4_000_000) } }] };
  await post1(otlp(span('t', 'a', large), span('u', 'a', large), span('u', 'b', large)));
  await post1(otlp(span('t', 'b')));
  const { traces } = await listsOf(live.page);
  expect(traces).toMatchObject([{ found: 2 }, { found: 2 }]);
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

describe('refused is', () => {
  const PROTOBUF = { 'content-type': 'application/x-protobuf' };
  const zeros = Buffer.alloc(65 * 2 ** 20, ' ');
  test.each<[string, number, string | Uint8Array, Record<string, string>]>([
    ['what is not JSON', 400, 'no', {}],
    ['what is not protobuf', 400, 'no', PROTOBUF],
    ['what is not gzip', 400, 'no', { 'content-encoding': 'gzip' }],
    ['another compression', 415, 'no', { 'content-encoding': 'br' }],
    ['another type', 415, '{}', { 'content-type': 'text/plain' }],
    ['a body over 64 MiB', 413, zeros, {}],
    ['a small body over 64 MiB when decompressed', 413, gzipSync(zeros), { 'content-encoding': 'gzip' }],
    ['a body of millions of empty values', 413, `[${'{},'.repeat(5_000_001)}{}]`, {}],
    ...[
      ['a span of millions of empty attributes in protobuf', 0x4a],
      ['a span that repeats its name millions of times', 0x2a],
      ['a span of millions of fields that are not read', 0x78],
    ].map(([name, tag]): [string, number, Uint8Array, Record<string, string>] => [
      String(name),
      400,
      protobuf(1, protobuf(2, protobuf(2, Buffer.alloc(4_000_002, Buffer.from([Number(tag), 0]))))),
      PROTOBUF,
    ]),
  ])('%s', async (_, status, body, headers) => {
    expect((await post1(body, headers)).status).toBe(status);
    expect((await post1(otlp(span('t')))).status).toBe(200);
  });
});

/** A message that has another message as its only field. */
function protobuf(field: number, inner: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = inner.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length, rest]), inner]);
}

test('a protobuf request that is nested over 100 levels deep is refused', async () => {
  let value: Buffer = Buffer.from([]);
  for (let i = 0; i < 5_000; i++) value = protobuf(5, protobuf(1, value));
  const attribute = Buffer.concat([protobuf(1, Buffer.from('deep')), protobuf(2, value)]);
  const body = protobuf(1, protobuf(2, protobuf(2, protobuf(9, attribute))));
  expect((await post1(body, { 'content-type': 'application/x-protobuf' })).status).toBe(400);
});

test('of more than 500 traces the oldest is dropped first', async () => {
  const body = otlp(...Array.from({ length: 500 }, (_, i) => span(`t${i}`)));
  await post1(body);
  await post1(otlp(span('t0', '2')));
  await post1(otlp(span('new')));
  const { traces, dropped } = await listsOf(live.page);
  expect(traces).toHaveLength(500);
  expect(dropped).toBe(1);
  const ids = traces.map(({ id }) => id);
  expect(ids).toContain('t0');
  expect(ids).not.toContain('t1');
});
