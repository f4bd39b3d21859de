import { propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import {
  CompositePropagator,
  TraceState,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noticed } from '../../../src/diagnostics/report.ts';
import { addTraceContext, hasRoomForMark } from '../../../src/hierarchy/processes/metadata.ts';
import { forgetNotices } from '../../support/process-state.ts';
import { startProgram } from '../../support/program.ts';
import { startTutor, type Tutor } from '../../support/tutor.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const CONTEXT = { traceparent: TRACEPARENT };
const MARK = { 'otel-openai-handed-on': 'true' };

beforeEach(() => {
  forgetNotices();
  propagation.disable();
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  );
});
afterEach(() => {
  propagation.disable();
});

/** What is sent of request options, where the call runs in a span. */
function sent(options: unknown, spanContext: Partial<SpanContext> = {}, isHandedOn = false): unknown {
  const active = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceFlags: 1,
    ...spanContext,
  });
  const baggage = propagation.createBaggage({ customer: { value: 'Ada' } });
  const context = propagation.setBaggage(active, baggage);
  return addTraceContext(options, context, isHandedOn);
}

function pairs(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, 'value']));
}

describe('the trace context is added to the metadata of a request', () => {
  test.each<[string, unknown, added: object]>([
    ['no metadata', undefined, CONTEXT],
    ['null', null, CONTEXT],
    ['metadata of the program', { customer: '7' }, { customer: '7', ...CONTEXT }],
    ['as many pairs as leave room for it', pairs(15), { ...pairs(15), ...CONTEXT }],
    [
      'context and mark of something that was handed on',
      { customer: '7', traceparent: 'old', tracestate: 'old=1', ...MARK },
      { customer: '7', ...CONTEXT },
    ],
  ])('beside %s, and no object of the program is changed', (_, metadata, added) => {
    const options = Object.freeze({
      method: 'post',
      body: Object.freeze({ model: 'm', metadata: Object.freeze(metadata) }),
    });
    expect(sent(options)).toEqual({ method: 'post', body: { model: 'm', metadata: added } });
    expect(noticed()).toEqual([]);
  });

  test('with the trace state, up to the maximum length of a value', () => {
    const short = new TraceState('vendor=1');
    expect(sent({ body: {} }, { traceState: short })).toEqual({
      body: { metadata: { ...CONTEXT, tracestate: 'vendor=1' } },
    });
    const long = new TraceState();
    long.serialize = () => `vendor=${'x'.repeat(506)}`;
    expect(sent({ body: {} }, { traceState: long })).toEqual({ body: { metadata: CONTEXT } });
  });

  test('up to the maximum length of a key', () => {
    propagation.disable();
    propagation.setGlobalPropagator({
      fields: () => [],
      extract: (given) => given,
      inject: (_, carrier, { set }) => {
        set(carrier, 'x'.repeat(65), 'too long');
        set(carrier, 'x'.repeat(64), 'as long as can be');
        set(carrier, 'empty', '');
      },
    });
    expect(sent({ body: {} })).toEqual({ body: { metadata: { ['x'.repeat(64)]: 'as long as can be' } } });
  });
});

describe('a request is sent unchanged', () => {
  class Metadata {
    customer = '7';
  }

  test.each<[string, unknown]>([
    ['without a body', { method: 'post' }],
    ['with a text body', { body: '{}' }],
    ['with a form', { body: new FormData() }],
    ['with metadata that is not an object', { body: { metadata: 'text' } }],
    ['with metadata of a class', { body: { metadata: new Metadata() } }],
    ['with its own trace context', { body: { metadata: { traceparent: 'mine' } } }],
  ])('%s', (_, options) => {
    expect(sent(options)).toBe(options);
  });

  test('if its metadata is full, which is reported once', () => {
    const options = { body: { metadata: pairs(16) } };
    for (let made = 0; made < 2; made++) expect(sent(options)).toBe(options);
    expect(noticed().map(({ code }) => code)).toEqual(['metadata_full']);
  });

  test('without a trace, and without a propagator', () => {
    const options = { body: {} };
    expect(sent(options, { traceId: '0'.repeat(32) })).toBe(options);
    propagation.disable();
    expect(sent(options)).toBe(options);
  });
});

describe('a request for something that its process hands on', () => {
  test.each<[string, object, sent: object, reported: string[]]>([
    ['beside the trace context', { customer: '7' }, { customer: '7', ...CONTEXT, ...MARK }, []],
    ['beside a trace context of the program', { traceparent: 'mine' }, { traceparent: 'mine', ...MARK }, []],
    ['unless there is no room for both', pairs(15), pairs(15), ['metadata_full']],
    [
      'in place of what was copied from something else that was handed on',
      { ...pairs(14), traceparent: 'old', ...MARK },
      { ...pairs(14), ...CONTEXT, ...MARK },
      [],
    ],
  ])('says so %s', (_, metadata, expected, reported) => {
    expect(sent({ body: { metadata: Object.freeze(metadata) } }, {}, true)).toEqual({
      body: { metadata: expected },
    });
    expect(noticed().map(({ code }) => code)).toEqual(reported);
  });

  test.each<[string, unknown, boolean]>([
    ['nothing in it', {}, true],
    ['all of a copy in it', { metadata: { ...pairs(14), traceparent: 'old', ...MARK } }, true],
    ['no trace context in it, however full', { metadata: pairs(16) }, true],
    ['a trace context in it and one pair free', { metadata: { ...pairs(14), traceparent: 'mine' } }, true],
    ['a trace context in it and no pair free', { metadata: { ...pairs(15), traceparent: 'mine' } }, false],
    ['metadata of a class', { metadata: new (class Metadata {})() }, false],
    ['metadata that is a text', { metadata: 'text' }, false],
    ['a text as its body', 'text', false],
  ])('can be made with %s: %#', (_, body, expected) => {
    expect(hasRoomForMark(body)).toBe(expected);
  });
});

describe('with propagateInMetadata', () => {
  const config = { propagateInMetadata: true };
  const input = 'Hi';
  const model = 'gpt-4o';

  test.each<[string, (tutor: Tutor, metadata: Record<string, string>) => Promise<unknown>]>([
    [
      'a run',
      ({ client, threadId, assistantId: assistant_id }, metadata) =>
        client.beta.threads.runs.create(threadId, { assistant_id, metadata }),
    ],
    [
      'a thread and its run',
      ({ client, assistantId: assistant_id }, metadata) =>
        client.beta.threads.createAndRun({ assistant_id, metadata }),
    ],
    [
      'a streamed run',
      ({ client, threadId, assistantId: assistant_id }, metadata) =>
        client.beta.threads.runs.stream(threadId, { assistant_id, metadata }).finalRun(),
    ],
    ['a response', ({ client }, metadata) => client.responses.create({ model, input, metadata })],
    [
      'a response in the background',
      ({ client }, metadata) => client.responses.create({ model, input, background: true, metadata }),
    ],
    [
      'a streamed response',
      ({ client }, metadata) => client.responses.stream({ model, input, metadata }).finalResponse(),
    ],
    [
      'a session',
      ({ client }, metadata) =>
        client.beta.agents.sessions.create({
          agent: { model: 'gpt-5' },
          environment: { type: 'none' },
          metadata,
        }),
    ],
  ])('%s carries the context of the span that created it', async (_, create) => {
    const tutor = await startTutor({ runs: [{}], config });
    const mine = Object.freeze({ customer: '7' });
    const created = (await tutor.inSpan(() => create(tutor, mine))) as {
      metadata: { traceparent: string };
    };
    const expected = {
      customer: '7',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    };
    const bodies = tutor.simulator.requests.map(({ body }) => body as { metadata?: unknown });
    expect(bodies.at(-1)?.metadata).toEqual(expected);
    expect(created).toMatchObject({ metadata: expected });
    await tutor.telemetry.provider.shutdown();
    const [, traceId, spanId] = created.metadata.traceparent.split('-');
    const creator = tutor.telemetry.spans.find((span) => span.spanContext().spanId === spanId);
    expect(creator?.spanContext().traceId).toBe(traceId);
    expect(creator?.name).toMatch(/^(POST \/|chat |invoke_agent)/);
  });

  test('other requests are unchanged', async () => {
    const { client, inSpan, simulator } = await startProgram({ config });
    const metadata = { customer: '7' };
    await inSpan(async () => {
      await client.beta.threads.create({ metadata });
      await client.chat.completions.create({ model, messages: [{ role: 'user', content: input }], metadata });
    });
    for (const { body } of simulator.requests) expect(body).toMatchObject({ metadata: { customer: '7' } });
    expect(JSON.stringify(simulator.requests.map(({ body }) => body))).not.toContain('traceparent');
  });
});

test('requests are unchanged by default', async () => {
  const { client, inSpan, simulator } = await startProgram();
  await inSpan(() => client.responses.create({ model: 'gpt-4o', input: 'Hi' }));
  expect(simulator.requests.map(({ body }) => body)).toEqual([{ model: 'gpt-4o', input: 'Hi' }]);
});
