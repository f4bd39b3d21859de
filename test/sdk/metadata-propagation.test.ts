import { propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import {
  CompositePropagator,
  TraceState,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forgetNotices, noticed } from '../../src/diagnostics/report.ts';
import { Call } from '../../src/sdk/call.ts';
import { addTraceContext, hasRoomForMark } from '../../src/sdk/metadata-propagation.ts';
import { type Program, startProgram } from '../support/program.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

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
function sent(
  options: unknown,
  spanContext: Partial<SpanContext> = {},
  propagates = true,
  handsOn = false,
): unknown {
  const active = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceFlags: 1,
    ...spanContext,
  });
  const baggage = propagation.createBaggage({ customer: { value: 'Ada' } });
  const call = new Call({}, { start: () => undefined }, propagation.setBaggage(active, baggage));
  call.propagates = propagates;
  call.handsOn = handsOn;
  return addTraceContext(call, options);
}

function pairs(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, 'value']));
}

describe('the trace context is added to the metadata of a request', () => {
  test('beside the metadata of the program, whose objects are not changed', () => {
    const metadata = Object.freeze({ customer: '7' });
    const options = Object.freeze({ method: 'post', body: Object.freeze({ model: 'm', metadata }) });
    expect(sent(options)).toEqual({
      method: 'post',
      body: { model: 'm', metadata: { customer: '7', traceparent: TRACEPARENT } },
    });
    expect(metadata).toEqual({ customer: '7' });
  });

  test.each([undefined, null])('if the program passes %s', (metadata) => {
    expect(sent({ body: { metadata } })).toEqual({ body: { metadata: { traceparent: TRACEPARENT } } });
  });

  test('with the trace state, up to the maximum length of a value', () => {
    const short = new TraceState('vendor=1');
    expect(sent({ body: {} }, { traceState: short })).toEqual({
      body: { metadata: { traceparent: TRACEPARENT, tracestate: 'vendor=1' } },
    });
    const long = new TraceState();
    long.serialize = () => `vendor=${'x'.repeat(506)}`;
    expect(sent({ body: {} }, { traceState: long })).toEqual({
      body: { metadata: { traceparent: TRACEPARENT } },
    });
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

  test('up to the maximum number of pairs in the API', () => {
    const metadata = pairs(15);
    expect(sent({ body: { metadata } })).toEqual({
      body: { metadata: { ...metadata, traceparent: TRACEPARENT } },
    });
    expect(noticed()).toEqual([]);
  });
});

test('context and mark of something that was handed on are not taken over', () => {
  const old = { customer: '7', traceparent: 'old', tracestate: 'old=1', 'otel-openai-handed-on': 'true' };
  expect(sent({ body: { metadata: old } })).toEqual({
    body: { metadata: { customer: '7', traceparent: TRACEPARENT } },
  });
  const options = { body: { metadata: old } };
  expect(sent(options, {}, false)).toBe(options);
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
    expect(sent(options)).toBe(options);
    expect(sent(options)).toBe(options);
    expect(noticed().map(({ code }) => code)).toEqual(['metadata_full']);
  });

  test('without the option, without a trace, and without a propagator', () => {
    const options = { body: {} };
    expect(sent(options, {}, false)).toBe(options);
    expect(sent(options, { traceId: '0'.repeat(32) })).toBe(options);
    propagation.disable();
    expect(sent(options)).toBe(options);
  });
});

describe('a request for something that its process hands on', () => {
  const mark = { 'otel-openai-handed-on': 'true' };
  const handedOn = (metadata: object): unknown => sent({ body: { metadata } }, {}, true, true);

  test('says so beside the trace context', () => {
    expect(handedOn({ customer: '7' })).toEqual({
      body: { metadata: { customer: '7', traceparent: TRACEPARENT, ...mark } },
    });
  });

  test('says so beside a trace context of the program', () => {
    expect(handedOn({ traceparent: 'mine' })).toEqual({
      body: { metadata: { traceparent: 'mine', ...mark } },
    });
  });

  test('has neither without room for both', () => {
    const metadata = pairs(15);
    expect(handedOn(metadata)).toEqual({ body: { metadata } });
    expect(noticed().map(({ code }) => code)).toEqual(['metadata_full']);
  });

  test('replaces what was copied from something else that was handed on', () => {
    const old = Object.freeze({ ...pairs(14), traceparent: 'old', ...mark });
    expect(handedOn(old)).toEqual({ body: { metadata: { ...old, traceparent: TRACEPARENT } } });
    expect(noticed()).toEqual([]);
    expect(old.traceparent).toBe('old');
  });

  test.each<[string, unknown, boolean]>([
    ['nothing in it', {}, true],
    ['all of a copy in it', { metadata: { ...pairs(14), traceparent: 'old', ...mark } }, true],
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
  let program: Program;
  beforeEach(async () => {
    program = await startProgram({ config: { propagateInMetadata: true } });
  });

  type Create = (client: OpenAI, metadata: Record<string, string>) => Promise<unknown>;

  const creates: [what: string, create: Create][] = [
    [
      'a run',
      async (client, metadata) => {
        const { assistant_id, thread } = await prepareThread(client);
        return client.beta.threads.runs.create(thread, { assistant_id, metadata });
      },
    ],
    [
      'a thread and its run',
      async (client, metadata) => {
        const { assistant_id } = await prepareThread(client);
        return client.beta.threads.createAndRun({ assistant_id, metadata });
      },
    ],
    [
      'a streamed run',
      async (client, metadata) => {
        const { assistant_id, thread } = await prepareThread(client);
        return client.beta.threads.runs.stream(thread, { assistant_id, metadata }).finalRun();
      },
    ],
    ['a response', (client, metadata) => client.responses.create({ model: 'gpt-4o', input: 'Hi', metadata })],
    [
      'a response in the background',
      (client, metadata) =>
        client.responses.create({ model: 'gpt-4o', input: 'Hi', background: true, metadata }),
    ],
    [
      'a streamed response',
      (client, metadata) =>
        client.responses.stream({ model: 'gpt-4o', input: 'Hi', metadata }).finalResponse(),
    ],
    [
      'a session',
      (client, metadata) =>
        client.beta.agents.sessions.create({
          agent: { model: 'gpt-5' },
          environment: { type: 'none' },
          metadata,
        }),
    ],
  ];

  test.each(creates)('%s carries the context of the span that created it', async (_, create) => {
    const mine = Object.freeze({ customer: '7' });
    const created = await program.inSpan(() => create(program.client, mine));
    const expected = {
      customer: '7',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    };
    const bodies = program.simulator.requests.map(({ body }) => body as { metadata?: unknown });
    expect(bodies.at(-1)?.metadata).toEqual(expected);
    expect(created).toMatchObject({ metadata: expected });
    await program.telemetry.provider.shutdown();
    const [, traceId, spanId] = String(
      (created as { metadata: { traceparent: string } }).metadata.traceparent,
    ).split('-');
    const { spans } = program.telemetry;
    const creator = spans.find((span) => span.spanContext().spanId === spanId);
    expect(creator?.spanContext().traceId).toBe(traceId);
    expect(creator?.name).toMatch(/^(POST \/|chat |invoke_agent)/);
  });

  test('other requests are unchanged', async () => {
    await program.inSpan(async () => {
      await program.client.beta.threads.create({ metadata: { customer: '7' } });
      await program.client.chat.completions.create({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: 'Hi' }],
        metadata: { customer: '7' },
      });
    });
    for (const { body } of program.simulator.requests)
      expect(body).toMatchObject({ metadata: { customer: '7' } });
    expect(JSON.stringify(program.simulator.requests.map(({ body }) => body))).not.toContain('traceparent');
  });
});

async function prepareThread(client: OpenAI): Promise<{ assistant_id: string; thread: string }> {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
  const thread = await client.beta.threads.create();
  return { assistant_id: assistant.id, thread: thread.id };
}

test('requests are unchanged by default', async () => {
  const { client, inSpan, simulator } = await startProgram();
  await inSpan(() => client.responses.create({ model: 'gpt-4o', input: 'Hi' }));
  expect(simulator.requests.map(({ body }) => body)).toEqual([{ model: 'gpt-4o', input: 'Hi' }]);
});
