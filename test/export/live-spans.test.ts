import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { createRequire } from 'node:module';
import { type Tracer, trace } from '@opentelemetry/api';
import { SamplingDecision, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { type LiveView, startLiveView } from 'openai-traces-viewer/live/live-view.ts';
import { VIEW_HEADER } from 'openai-traces-viewer/shared/names.ts';
import type { ViewedSpan } from 'openai-traces-viewer/viewed-span.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { otlpProcessors } from '../../src/export/otlp-exporter.ts';
import { observerFor } from '../../src/pipeline/client-observers.ts';
import { type Call, callsInFlight } from '../../src/sdk/call.ts';
import { listsOf } from '../../viewer/test/live/requests.ts';
import { listen } from '../support/listening.ts';
import { forgetObservers } from '../support/process-state.ts';

const require = createRequire(import.meta.url);

interface Waiting {
  readonly run: () => void;
  readonly milliseconds: number;
}

/** The timers of the processor under test. They run out when a test says so. */
const timers = vi.hoisted(() => ({ waiting: [] as Waiting[] }));

vi.mock(import('../../src/util/timers.ts'), async (load) => {
  const original = await load();
  const setTimeout = (run: () => void, milliseconds: number): object => {
    timers.waiting.push({ run, milliseconds });
    return {};
  };
  const platformTimers = (): typeof globalThis => ({ ...globalThis, setTimeout }) as typeof globalThis;
  return { ...original, platformTimers };
});

const closed: Promise<unknown>[] = [];
subscribe('http.client.request.created', (message) => {
  const { request } = message as { readonly request: ClientRequest };
  if (request.getHeader(VIEW_HEADER) === undefined) return;
  closed.push(new Promise((resolve) => void request.once('close', resolve)));
});

/** Lets timers run out until a request would show nothing new. @returns how many milliseconds that took */
async function showAll(): Promise<number> {
  let passed = 0;
  for (;;) {
    for (const { run, milliseconds } of timers.waiting.splice(0)) {
      passed += milliseconds;
      run();
    }
    if (closed.length === 0) return passed;
    await Promise.all(closed.splice(0));
  }
}

/** The processors that `viewing()` and `register` add for an endpoint. */
function processorsFor(endpoint: string, protocol = 'http/protobuf'): SpanProcessor[] {
  // Nothing is exported while a test lasts. The exporter reads the variables of the process.
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint);
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  };
  return otlpProcessors(environment, require) as SpanProcessor[];
}

/** Registers a provider that exports to an endpoint. */
function exportTo(endpoint: string, protocol: string): TracerProvider {
  const provider = new TracerProvider({ spanProcessors: processorsFor(endpoint, protocol) });
  trace.disable();
  trace.setGlobalTracerProvider(provider);
  return provider;
}

/** A client whose stream the test writes. */
function streamingClient(config: OpenAIInstrumentationConfig): {
  readonly client: OpenAI;
  say(content: string): void;
  end(): void;
} {
  const encoder = new TextEncoder();
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      stream = controller;
    },
  });
  const fetch = async (): Promise<Response> =>
    new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  const client = new OpenAI({ apiKey: 'test', baseURL: 'http://api.example/v1', fetch });
  instrumentOpenAI(client, config);
  const send = (data: string): void => stream?.enqueue(encoder.encode(`data: ${data}\n\n`));
  return {
    client,
    say: (content) => send(JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content } }] })),
    end: () => {
      send('[DONE]');
      stream?.close();
    },
  };
}

const REQUEST: OpenAI.ChatCompletionCreateParamsStreaming = {
  model: 'gpt-4o',
  stream: true,
  messages: [{ role: 'user', content: 'Where?' }],
};

describe.each(['http/protobuf', 'http/json'])('with the command view as endpoint, over %s', (protocol) => {
  let view: LiveView;
  let provider: TracerProvider;

  beforeEach(async () => {
    timers.waiting = [];
    view = await startLiveView(0, () => {});
    provider = exportTo(view.address, protocol);
  });
  afterEach(async () => {
    // While somebody listens: the exporter tries for seconds to reach a view that has gone.
    await provider.shutdown();
    await view.close();
    vi.unstubAllEnvs();
    forgetObservers();
  });

  const shown = async (traceId?: string): Promise<ViewedSpan> => {
    const { traces } = await listsOf(view.page);
    const trace = traces.find(({ id }) => traceId === undefined || id === traceId);
    return trace?.trace.rows[0]?.span ?? ({ attributes: {} } as ViewedSpan);
  };
  const answer = async (): Promise<unknown> => (await shown()).attributes['gen_ai.output.messages'];

  it('of many open streams, no more is read than one request has room for', async () => {
    const answers = Array.from({ length: 1_000 }, (_, id) =>
      vi.fn(() => ({ spanId: String(id), attributes: { text: 'x'.repeat(65_536) } })),
    );
    const calls = answers.map((answerSoFar) => ({ observation: { answerSoFar } }) as unknown as Call);
    for (const call of calls) callsInFlight.value.add(call);
    const span = trace.getTracer('t').startSpan('x');
    await showAll();
    expect((await listsOf(view.page)).traces).toHaveLength(1);
    for (const call of calls) callsInFlight.value.delete(call);
    span.end();
    expect(answers.filter(({ mock }) => mock.calls.length > 0).length * 65_536).toBeLessThan(8_200_000);
  });

  it.each([
    ['an older', 0],
    ['a newer', 1],
  ])('text stays visible when that of %s stream leaves no room for it', async (_, grown) => {
    const spans = ['older', 'newer'].map((name) => trace.getTracer('t').startSpan(name));
    const texts = spans.map(() => 'shown');
    const calls = spans.map((span, index) => {
      const { spanId } = span.spanContext();
      const answerSoFar = (): object => ({ spanId, attributes: { text: texts[index] } });
      return { observation: { answerSoFar } } as unknown as Call;
    });
    for (const call of calls) callsInFlight.value.add(call);
    const shownTexts = (): Promise<unknown[]> =>
      Promise.all(spans.map(async (span) => (await shown(span.spanContext().traceId)).attributes.text));
    await showAll();
    expect(await shownTexts()).toEqual(['shown', 'shown']);
    texts[grown] = 'x'.repeat(8_100_000);
    await showAll();
    const now = await shownTexts();
    expect(now[grown]).toContain('8100000');
    expect(now[1 - grown]).toBe('shown');
    for (const call of calls) callsInFlight.value.delete(call);
    for (const span of spans) span.end();
  });

  it('a call is visible within a second of its start, and its text as it arrives', async () => {
    const { client, say, end } = streamingClient({ captureMessageContent: 'SPAN_ONLY' });
    const stream = await client.chat.completions.create(REQUEST);
    const chunks = stream[Symbol.asyncIterator]();
    expect(await showAll()).toBeLessThan(1_000);
    expect((await listsOf(view.page)).traces).toMatchObject([
      { inProgress: true, trace: { summary: { prompt: 'Where?' } } },
    ]);
    say('In ');
    await chunks.next();
    await showAll();
    expect(await answer()).toContain('In ');
    say('Hamburg');
    await chunks.next();
    await showAll();
    expect(await answer()).toContain('In Hamburg');
    const before = await shown();
    const { 'openai.stream.time_to_first_token': first } = before.attributes;
    expect(first).toBeGreaterThan(0);
    expect(before.attributes['openai.stream.chunk_count']).toBe(2);
    expect(before).toMatchObject({ isOpen: true });
    expect(before.end[0]).toBeGreaterThanOrEqual(before.start[0]);
    end();
    await chunks.next();
    await showAll();
    expect((await shown()).isOpen).toBeUndefined();
    expect((await listsOf(view.page)).traces[0]).toMatchObject({
      inProgress: false,
      trace: { summary: { outcome: 'ok' } },
    });
  });

  const HIDING = { captureMessageContent: 'SPAN_ONLY', hideContent: 'outputs' } as const;
  const HOOKED = { captureMessageContent: 'SPAN_ONLY', completionHook: () => undefined } as const;

  it.each<[string, RegExp, OpenAIInstrumentationConfig, OpenAIInstrumentationConfig?]>([
    ['is not recorded', /Where|Hamburg/, {}],
    ['has yet to pass a hook', /Where|Hamburg/, HOOKED],
    ['is refused for the caller', /Where|Hamburg/, { captureMessageContent: () => false }],
    ['is hidden', /Hamburg/, HIDING],
    ['was hidden when the call started', /Hamburg/, HIDING, { hideContent: 'none' }],
  ])('no content is sent that %s', async (_, content, config, change) => {
    const { client, say } = streamingClient(config);
    const stream = await client.chat.completions.create(REQUEST);
    const chunks = stream[Symbol.asyncIterator]();
    if (change !== undefined) observerFor(config).configure({ ...config, ...change });
    say('In Hamburg');
    await chunks.next();
    await showAll();
    const progress = { 'gen_ai.request.model': 'gpt-4o', 'openai.stream.chunk_count': 1 };
    expect((await shown()).attributes).toMatchObject(progress);
    expect(JSON.stringify(await shown())).not.toMatch(content);
    stream.controller.abort();
  });
});

const WITHOUT_SPANS = '{"resourceSpans":[]}';

/** A tracer that exports to a receiver, which answers as `view` while `isView` says so, and what that has received. */
async function startReceiver(isView: () => boolean): Promise<{ tracer: Tracer; bodies: string[] }> {
  const bodies: string[] = [];
  const address = await listen(async (request, response) => {
    bodies.push(Buffer.concat(await Array.fromAsync<Uint8Array>(request)).toString());
    if (isView()) response.setHeader(VIEW_HEADER, 'live');
    response.end();
  });
  return { tracer: exportTo(address, 'http/json').getTracer('test'), bodies };
}

it('a receiver that replaces the command between two spans gets none of the second', async () => {
  let isView = true;
  const { tracer, bodies } = await startReceiver(() => isView);
  const first = tracer.startSpan('one');
  const shows = (name: string): boolean => bodies.some((body) => body.includes(`"name":"${name}","kind"`));
  await showAll();
  expect(shows('one')).toBe(true);
  first.end();
  await showAll();
  isView = false;
  tracer.startSpan('two');
  await showAll();
  expect(bodies.at(-1)).toBe(WITHOUT_SPANS);
  expect(shows('two')).toBe(false);
});

it('another receiver on this machine gets one request without spans, and no more', async () => {
  const { tracer, bodies } = await startReceiver(() => false);
  tracer.startSpan('one');
  await showAll();
  expect(bodies).toEqual([WITHOUT_SPANS]);
  tracer.startSpan('two');
  await showAll();
  expect(bodies).toEqual([WITHOUT_SPANS]);
});

it.each([
  'http://collector:4318',
  'https://localhost:4318',
  'http://localhost.example',
  'http://10.0.0.1:4318',
])('an endpoint elsewhere, such as %s, is not asked', (endpoint) => {
  expect(processorsFor(endpoint)).toHaveLength(1);
});

it('a span that is recorded but not sampled is not shown', async () => {
  let requests = 0;
  const address = await listen((_, response) => {
    requests++;
    response.setHeader(VIEW_HEADER, 'live');
    response.end();
  });
  const sampler = { shouldSample: () => ({ decision: SamplingDecision.RECORD }) };
  const provider = new TracerProvider({ sampler, spanProcessors: processorsFor(address, 'http/json') });
  const span = provider.getTracer('test').startSpan('quiet');
  expect(span.isRecording()).toBe(true);
  await showAll();
  span.end();
  expect(requests).toBe(0);
});
