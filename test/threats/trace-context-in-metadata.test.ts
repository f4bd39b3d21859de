import { type Link, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';

const CHOSEN_TRACE = '0123456789abcdef0123456789abcdef';
const CHOSEN_SPAN = '0123456789abcdef';
/** What a stranger has put into the metadata: a trace of their choice, to be recorded. */
const STRANGERS = {
  traceparent: `00-${CHOSEN_TRACE}-${CHOSEN_SPAN}-01`,
  tracestate: 'stranger=1',
  // Whoever has handed on leaves it to the worker.
  'otel-openai-handed-on': 'true',
};

beforeEach(() => {
  propagation.disable();
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterEach(() => {
  propagation.disable();
});

/** A worker that the spans are recorded of, in a process of its own. */
interface Worker {
  readonly program: Program;
  readonly client: OpenAI;
}

/** @param sampler of the worker */
async function startWorker(config: OpenAIInstrumentationConfig, sampler?: Sampler): Promise<Worker> {
  const program = await startProgram(sampler === undefined ? {} : { sampler });
  const client = new OpenAI({ apiKey: 'test', baseURL: program.simulator.url, maxRetries: 0 });
  return { program, client: instrumentOpenAI(client, { cost: false, ...config }) };
}

/** Something whose metadata somebody has written, and what the worker does with it. */
interface Work {
  /** Creates it, without instrumentation. */
  create(client: OpenAI, metadata: Record<string, string>): Promise<string[]>;
  /** Until it is over. */
  work(client: OpenAI, ids: readonly string[]): Promise<unknown>;
  /** Of what a worker records that adopts it; `undefined` where it records nothing. */
  readonly recorded: RegExp | undefined;
}

const KINDS: Readonly<Record<string, Work>> = {
  run: {
    async create(client, metadata) {
      const { id: assistant_id } = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
      const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
      const run = await client.beta.threads.runs.create(thread.id, { assistant_id, metadata });
      return [thread.id, run.id];
    },
    work: (client, [thread_id = '', id = '']) => client.beta.threads.runs.poll(id, { thread_id }),
    recorded: /^invoke_agent/,
  },
  response: {
    async create(client, metadata) {
      const options = { model: 'gpt-4o', input: 'Hi', background: true, metadata };
      return [(await client.responses.create(options)).id];
    },
    async work(client, [id = '']) {
      for await (const _ of await client.responses.retrieve(id, { stream: true }));
    },
    recorded: /^chat/,
  },
  session: {
    async create(client, metadata) {
      const options = { agent: { model: 'gpt-5' }, environment: { type: 'none' as const }, metadata };
      return [(await client.beta.agents.sessions.create(options)).id];
    },
    work: (client, [id = '']) => client.beta.agents.sessions.retrieve(id),
    recorded: undefined,
  },
};

/** Has a worker do something, and gives its spans. */
async function workOn(
  kind: string,
  metadata: Record<string, string>,
  { program, client }: Worker,
  span?: string,
): Promise<readonly ReadableSpan[]> {
  const { create, work } = KINDS[kind] as Work;
  const { telemetry, plain, inSpan } = program;
  const ids = await create(plain, metadata);
  await (span === undefined ? work(client, ids) : inSpan(() => work(client, ids), span));
  await telemetry.provider.shutdown();
  return telemetry.spans;
}

function linksOf(spans: readonly ReadableSpan[]): Link['context'][] {
  return spans.flatMap(({ links }) => links.map(({ context }) => context));
}

function tracesOf(spans: readonly ReadableSpan[]): string[] {
  return [...new Set(spans.map((span) => span.spanContext().traceId))];
}

const LINK = { traceId: CHOSEN_TRACE, spanId: CHOSEN_SPAN, traceFlags: 0, isRemote: true };

describe.each(Object.keys(KINDS))(
  'a stranger who writes a trace context into the metadata of a %s',
  (kind) => {
    const { recorded } = KINDS[kind] as Work;
    const ownOf = (spans: readonly ReadableSpan[]): readonly ReadableSpan[] =>
      spans.filter(({ name }) => recorded?.test(name));

    it.each<[string, OpenAIInstrumentationConfig, Link['context'][], span?: string]>([
      ['is ignored without an option for it', {}, []],
      ['is ignored without an option for it, in a span', {}, [], 'worker'],
      ['causes only a link with propagateInMetadata', { propagateInMetadata: true }, [LINK]],
      ["causes only a link with adoptRuns: 'link'", { adoptRuns: 'link' }, [LINK]],
      ["causes only a link with adoptRuns: 'link', in a span", { adoptRuns: 'link' }, [LINK], 'worker'],
    ])('%s', async (_, config, links, span) => {
      const spans = await workOn(kind, STRANGERS, await startWorker(config), span);
      expect(spans.length).toBeGreaterThan(0);
      expect(tracesOf(spans)).not.toContain(CHOSEN_TRACE);
      const linked = linksOf(spans);
      expect(linked.length > 0).toBe(links.length > 0);
      for (const link of linked) expect(link).toEqual(LINK);
      if (config.adoptRuns && recorded) expect(linksOf(ownOf(spans))).toEqual(links);
    });

    it('decides about sampling only with adoptRuns: true, which trusts the metadata', async () => {
      const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) });
      const tracesWith = async (adoptRuns: 'link' | true): Promise<string[]> =>
        tracesOf(await workOn(kind, STRANGERS, await startWorker({ adoptRuns }, sampler)));
      expect(await tracesWith('link')).toEqual([]);
      expect(await tracesWith(true)).toEqual(recorded === undefined ? [] : [CHOSEN_TRACE]);
    });

    it("cannot prevent the recording of what the process samples with adoptRuns: 'link'", async () => {
      const dropped = { ...STRANGERS, traceparent: `00-${CHOSEN_TRACE}-${CHOSEN_SPAN}-00` };
      const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
      const spans = await workOn(kind, dropped, await startWorker({ adoptRuns: 'link' }, sampler));
      expect(ownOf(spans).length > 0).toBe(recorded !== undefined);
    });

    it.each<[string, Record<string, string>]>([
      ['of zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
      ['in capitals', { traceparent: STRANGERS.traceparent.toUpperCase() }],
      ['with more behind it', { traceparent: `${STRANGERS.traceparent}${'-'.repeat(400)}` }],
      ['of thousands of characters', { traceparent: `${STRANGERS.traceparent}-${'0'.repeat(5_000)}` }],
    ])('is ignored if it is %s, with all options on', async (_, metadata) => {
      const worker = await startWorker({ adoptRuns: true, propagateInMetadata: true });
      const spans = await workOn(kind, metadata, worker);
      expect(linksOf(spans)).toEqual([]);
      expect(tracesOf(spans)).not.toContain(CHOSEN_TRACE);
    });
  },
);

describe('a propagator that accepts anything', () => {
  /** Of `x-trace: {trace id}/{span id}`; what it was given to read. */
  function usePropagator(): { pairs: number } {
    const read = { pairs: 0 };
    propagation.disable();
    propagation.setGlobalPropagator({
      fields: () => ['x-trace'],
      inject: () => undefined,
      extract(context, carrier, getter) {
        read.pairs = getter.keys(carrier).length;
        const [traceId = '', spanId = ''] = String(getter.get(carrier, 'x-trace')).split('/');
        return trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, isRemote: true });
      },
    });
    return read;
  }

  it.each<[string, string]>([
    ['ids in capitals', `${'A'.repeat(32)}/${'B'.repeat(16)}`],
    ['ids of zeros', `${'0'.repeat(32)}/${'0'.repeat(16)}`],
    ['a long text', `${CHOSEN_TRACE}/${CHOSEN_SPAN}/${'x'.repeat(512)}`],
  ])('does not make this package accept %s', async (_, value) => {
    usePropagator();
    const spans = await workOn('response', { 'x-trace': value }, await startWorker({ adoptRuns: true }));
    const traceId = value.slice(0, 32);
    expect(linksOf(spans)).toEqual([]);
    expect(tracesOf(spans)).not.toContain(traceId);
  });

  it('is followed for valid ids, and reads only a few of thousands of pairs', async () => {
    const read = usePropagator();
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, 'v']));
    const mark = { 'otel-openai-handed-on': 'true' };
    const metadata = { 'x-trace': `${CHOSEN_TRACE}/${CHOSEN_SPAN}`, ...mark, ...many };
    const spans = await workOn('run', metadata, await startWorker({ adoptRuns: true }));
    expect(tracesOf(spans)).toContain(CHOSEN_TRACE);
    expect(read.pairs).toBe(64);
  });
});

describe('the trace state in metadata', () => {
  it('that is longer than the API accepts is ignored', async () => {
    const long = { ...STRANGERS, tracestate: `stranger=${'x'.repeat(600)}` };
    const spans = await workOn('run', long, await startWorker({ adoptRuns: true }));
    const taken = spans.filter((span) => span.spanContext().traceId === CHOSEN_TRACE);
    expect(taken.length).toBeGreaterThan(0);
    for (const span of taken) expect(span.spanContext().traceState?.serialize() ?? '').toBe('');
  });

  it('continues with a trace that is passed on', async () => {
    const spans = await workOn('run', STRANGERS, await startWorker({ adoptRuns: true }));
    const run = spans.find(({ name }) => name.startsWith('invoke_agent'));
    expect(run?.spanContext().traceState?.serialize()).toBe('stranger=1');
  });
});

it.each([
  ['a stranger', STRANGERS],
  ['nobody', undefined],
])(
  'a process that waits for its own run trusts its memory if %s changes the metadata',
  async (_, metadata) => {
    const { program, client } = await startWorker({ propagateInMetadata: true, adoptRuns: true });
    const { plain, telemetry, inSpan } = program;
    const [thread_id = '', id = ''] = await inSpan(() => (KINDS.run as Work).create(client, {}), 'web');
    if (metadata !== undefined) await plain.beta.threads.runs.update(id, { thread_id, metadata });
    await client.beta.threads.runs.poll(id, { thread_id });
    await telemetry.provider.shutdown();
    const traceOf = (beginning: string): string[] =>
      tracesOf(telemetry.spans.filter(({ name }) => name.startsWith(beginning)));
    expect(traceOf('invoke_agent')).toEqual(traceOf('web'));
    expect(linksOf(telemetry.spans).map(({ traceId }) => traceId)).not.toContain(CHOSEN_TRACE);
  },
);
