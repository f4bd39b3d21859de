import {
  type Attributes,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CompletionHook, SinkEvent } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { nextTurn } from '../../src/util/wait.ts';
import { ask, askStreaming } from '../support/ask.ts';
import { forgetNotices } from '../support/process-state.ts';
import { type Session, type SessionOptions, startSession } from '../support/session.ts';
import { recordedText } from '../support/telemetry.ts';
import { actionsOf } from '../support/tutor.ts';

let session: Session;
afterEach(async () => {
  // That another instrumentation is active is said, which is tested with the real ones.
  session.warnings.length = 0;
  forgetNotices();
  await session.verify();
});

async function start(options: SessionOptions = {}): Promise<Session> {
  session = await startSession(options);
  return session;
}

/** Runs something below a span of another instrumentation. */
async function below<Result>(
  attributes: Attributes,
  run: () => Promise<Result>,
  scope = 'other',
): Promise<Result> {
  return trace.getTracer(scope).startActiveSpan('theirs', { attributes }, async (span: Span) => {
    try {
      return await run();
    } finally {
      span.end();
    }
  });
}

const chat = (client: OpenAI): Promise<unknown> => ask(client);
const respond = (client: OpenAI): Promise<unknown> =>
  client.responses.create({ model: 'gpt-4o', input: 'Hello' });
const complete = (client: OpenAI): Promise<unknown> =>
  client.completions.create({ model: 'c', prompt: 'Hello' });
const embed = (client: OpenAI): Promise<unknown> => client.embeddings.create({ model: 'e', input: 'Hello' });
const list = (client: OpenAI): Promise<unknown> => client.models.list();

/** A span of another instrumentation for a chat completion. */
const CHAT: Attributes = { 'gen_ai.operation.name': 'chat' };

/** Names of our spans. */
function ours(): string[] {
  return session.spans
    .filter(
      ({ instrumentationScope }) => instrumentationScope.name === 'opentelemetry-instrumentation-openai',
    )
    .map(({ name }) => name);
}

/** Those that the other instrumentation may have as well. */
async function operationMetrics(): Promise<string[]> {
  const names = (await session.metrics()).map(({ descriptor }) => descriptor.name);
  return names.filter((name) => name.startsWith('gen_ai.')).sort();
}

const MEASURED = ['gen_ai.client.operation.duration', 'gen_ai.client.token.usage'];

type Case = [
  what: string,
  attributes: Attributes,
  call: (client: OpenAI) => Promise<unknown>,
  ours: readonly string[],
  metrics?: readonly string[],
  scope?: string,
];

async function check(...[_, attributes, call, names, metrics, scope]: Case): Promise<void> {
  await start();
  await below(attributes, () => call(session.client), scope);
  expect(ours()).toEqual(names);
  expect(await operationMetrics()).toEqual(metrics ?? (names.length === 0 ? [] : MEASURED));
}

const AGENT = { 'gen_ai.operation.name': 'invoke_agent' };
const LANGCHAIN = { ...CHAT, 'langsmith.span.kind': 'llm' };

describe('a span of another instrumentation replaces a call span of ours', () => {
  test.each<Case>([
    ['chat, by the conventions', CHAT, chat, []],
    ['chat, for a response', CHAT, respond, []],
    ['generate_content', { 'gen_ai.operation.name': 'generate_content' }, chat, []],
    ['text_completion', { 'gen_ai.operation.name': 'text_completion' }, complete, []],
    ['embeddings', { 'gen_ai.operation.name': 'embeddings' }, embed, []],
    ['LLM, by OpenInference', { 'openinference.span.kind': 'LLM' }, chat, []],
    ['EMBEDDING, by OpenInference', { 'openinference.span.kind': 'EMBEDDING' }, embed, []],
    ['chat, by OpenLLMetry', { 'llm.request.type': 'chat' }, chat, []],
    ['completion, by OpenLLMetry', { 'llm.request.type': 'completion' }, complete, []],
    ['of one that has no metrics', CHAT, chat, [], MEASURED, '@traceloop/instrumentation-openai'],
  ])('%s', check);

  test('if it sets the context key proposed for the conventions, whatever its attributes', async () => {
    await start();
    const key = createContextKey('opentelemetry.genai.inference_span');
    await below({}, () => {
      const marked = context.active().setValue(key, trace.getActiveSpan());
      return context.with(marked, () => chat(session.client));
    });
    expect(ours()).toEqual([]);
  });
});

describe('a call has its own span', () => {
  test.each<Case>([
    ['below an agent', AGENT, chat, ['chat gpt-4o']],
    ['below a chain', { 'openinference.span.kind': 'CHAIN' }, chat, ['chat gpt-4o']],
    ['below a span of the program', {}, chat, ['chat gpt-4o']],
    ['below another inference', CHAT, embed, ['embeddings e']],
    ['of an endpoint without inference', CHAT, list, ['GET /models'], []],
    ['below nonsense', { 'gen_ai.operation.name': 'constructor' }, chat, ['chat gpt-4o']],
    ['below a run of LangChain that is written onto the active span', LANGCHAIN, chat, ['chat gpt-4o']],
  ])('%s', check);

  test('below one of ours', async () => {
    await start();
    await below(CHAT, () => chat(session.client), 'opentelemetry-instrumentation-openai');
    expect(ours()).toEqual(['chat gpt-4o', 'theirs']);
    // The check of the conventions is for spans that we make.
    Object.assign(session.spans[1] ?? {}, { instrumentationScope: { name: 'other' } });
  });

  test('below one that has ended', async () => {
    await start();
    const span = trace.getTracer('other').startSpan('theirs', { attributes: CHAT });
    span.end();
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => chat(session.client));
    expect(ours()).toEqual(['chat gpt-4o']);
  });
});

describe('LangSmith, which names the operation after the call,', () => {
  const globals = globalThis as unknown as Record<symbol, unknown>;
  const RUNS = Symbol.for('ls:tracing_async_local_storage');
  afterEach(() => {
    delete globals[RUNS];
  });

  const inRun = (run_type: string, metadata: object = { ls_provider: 'openai' }): object => ({
    getStore: () => ({ run_type, extra: { metadata } }),
  });
  const wrapped = inRun('llm');

  test.each<[string, unknown, Case[2], Case[3], string?]>([
    ['records a chat completion of a wrapped client itself', wrapped, chat, []],
    ['records a response of a wrapped client itself', wrapped, respond, []],
    ['records a legacy completion of a wrapped client itself', wrapped, complete, []],
    ['leaves to us an embedding, which it does not wrap', wrapped, embed, ['embeddings e']],
    ['leaves to us what is below a function of the program', inRun('chain'), chat, ['chat gpt-4o']],
    ['leaves to us what is below the span of another scope', wrapped, chat, ['chat gpt-4o'], 'program'],
    ['leaves to us a call that the program traces itself', inRun('llm', {}), chat, ['chat gpt-4o']],
    ['may have an empty global', {}, chat, ['chat gpt-4o']],
    ['may have a global without a run', { getStore: () => undefined }, chat, ['chat gpt-4o']],
    ['may have a strange global', 5, chat, ['chat gpt-4o']],
  ])('%s', async (what, run, call, names, scope = 'langsmith') => {
    globals[RUNS] = run;
    // It has no metrics.
    await check(what, { 'langsmith.traceable': 'true' }, call, names, MEASURED, scope);
  });
});

describe('Sentry, whose spans are not those of an SDK', () => {
  /** Has what Sentry's spans have and the SDK's do not, and lacks the rest. */
  const sentrySpan = (attributes: Attributes): Span => {
    const spanContext = () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
    const setAttributes = (): object => span;
    const span = { _attributes: attributes, isRecording: () => true, spanContext, setAttributes };
    return span as unknown as Span;
  };
  const under = (attributes: Attributes): Promise<unknown> =>
    context.with(trace.setSpan(ROOT_CONTEXT, sentrySpan(attributes)), () => chat(session.client));

  test('records a model call itself, without metrics', async () => {
    await start();
    await under({ 'sentry.origin': 'auto.ai.openai', ...CHAT });
    expect(ours()).toEqual([]);
    expect(await operationMetrics()).toContain('gen_ai.client.token.usage');
    expect(session.warnings.join()).toContain("name !== 'OpenAI'");
  });

  test.each<[string, Attributes]>([
    ['an agent of its own', { 'sentry.origin': 'auto.ai.openai', ...AGENT }],
    ['a span that we created', { 'sentry.origin': 'manual', ...CHAT }],
    ['something without attributes', {}],
  ])('leaves to us what is below %s', async (_, attributes) => {
    await start();
    await under(attributes);
    expect(ours()).toEqual(['chat gpt-4o']);
  });
});

test.each<[string, CompletionHook | undefined, string | undefined]>([
  ['receives the error message', undefined, '400 Hello?'],
  ['receives no message that a completion hook has not seen', () => undefined, undefined],
])('a sink %s', async (_, completionHook, message) => {
  const sunk: SinkEvent[] = [];
  const events = { sink: (event: SinkEvent) => void sunk.push(event), preset: 'full' } as const;
  const hooked = completionHook === undefined ? {} : { completionHook };
  await start({ config: { captureMessageContent: 'EVENT_ONLY', events, ...hooked } });
  const error = { message: 'Hello?', code: 'context_length_exceeded' };
  session.simulator.next({ status: 400, body: { error } });
  await below(CHAT, () => chat(session.client).catch(() => undefined));
  const told = sunk.filter((event) => event.type === 'policy.violation');
  expect(told.map((event) => [event.error, event.message])).toEqual([['context_length_exceeded', message]]);
});

test('the span of the other instrumentation gets our attempts and response attributes, but no content', async () => {
  await start({ client: { maxRetries: 1 }, config: { captureMessageContent: 'SPAN_ONLY' } });
  session.simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
  await below(CHAT, () => chat(session.client));
  expect(recordedText(session)).not.toContain('Hello');
  assertSpanTree(
    session.spans,
    `
    theirs         http.request.resend_count=1 openai.request.id=req_00000000000000000000000000000002
    ├─ attempt     !500 http.response.status_code=500 openai.request.id=req_00000000000000000000000000000001
    └─ attempt     http.request.resend_count=1 openai.request.id=req_00000000000000000000000000000002
    `,
  );
});

describe('an instrumentation that leaves spans open', () => {
  const scope = '@arizeai/openinference-instrumentation-openai';
  const attributes = { 'openinference.span.kind': 'LLM' };
  /** A failed call below a span that nobody ends. */
  const fail = async (): Promise<void> => {
    session.simulator.next({ status: 400, body: { error: { message: 'Hello?', code: 'invalid_prompt' } } });
    const span = trace.getTracer(scope).startSpan('theirs', { attributes });
    const below = trace.setSpan(ROOT_CONTEXT, span);
    await context.with(below, () => chat(session.client).catch(() => undefined));
  };

  test.each<[string, () => Promise<void>]>([
    ['on the next turn of the event loop', nextTurn],
    ['at a shutdown before that', () => session.provider.shutdown()],
  ])('has them ended %s, with what we know, or nobody would have recorded the call', async (_, end) => {
    await start();
    await fail();
    expect(session.spans).toEqual([]);
    await end();
    assertSpanTree(
      session.spans,
      'theirs  !invalid_prompt gen_ai.request.model=gpt-4o http.response.status_code=400',
    );
    expect(session.spans[0]?.status).toEqual({ code: SpanStatusCode.ERROR });
  });

  test('ends all others itself', async () => {
    await start();
    await below(attributes, () => chat(session.client), scope);
    await nextTurn();
    expect(session.spans).toHaveLength(1);
    expect(session.spans[0]?.attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
  });

  test('may still end that of a call which a shutdown interrupts', async () => {
    await start();
    session.simulator.next({ delayMs: 200 });
    await below(
      attributes,
      async () => {
        const answer = chat(session.client);
        await vi.waitFor(() => expect(session.simulator.requests).toHaveLength(1));
        await session.provider.shutdown();
        await nextTurn();
        expect(session.spans).toEqual([]);
        await answer;
      },
      scope,
    );
    expect(session.spans).toHaveLength(1);
  });

  const SENTRY = '@sentry/node';
  test.each<[string, string, Attributes, number]>([
    ['Sentry, whose span is that of one call', SENTRY, { 'sentry.origin': 'auto.ai.openai' }, 1],
    ['Sentry for LangChain, which may retry the call', SENTRY, { 'sentry.origin': 'auto.ai.langchain' }, 0],
    ['a program that makes a span with Sentry', SENTRY, {}, 0],
    ['any other, which may still go on after the call', 'other', {}, 0],
  ])('may be %s', async (_, name, more, ended) => {
    await start();
    const span = trace.getTracer(name).startSpan('theirs', { attributes: { ...CHAT, ...more } });
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => chat(session.client));
    await nextTurn();
    expect(session.spans).toHaveLength(ended);
    span.end();
  });
});

test('metrics are left to the other instrumentation, even for unsampled calls', async () => {
  let sampled = true;
  const shouldSample = () => ({
    decision: sampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
  });
  await start({ sampler: { shouldSample, toString: () => 'as the test says' } });
  const call = (): Promise<unknown> => below(CHAT, () => chat(session.client));
  await call();
  sampled = false;
  await call();
  expect(await operationMetrics()).toEqual([]);
  // Without it, they are ours again.
  await chat(session.client);
  expect(await operationMetrics()).toEqual(MEASURED);
});

test('suppressed tracing suppresses runs and their reads, retries, streams and failures, and nothing after', async () => {
  await start({ client: { maxRetries: 1 }, config: { captureMessageContent: 'EVENT_ONLY' } });
  const { client, simulator } = session;
  simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
  simulator.next({ status: 400 });
  await context.with(suppressTracing(ROOT_CONTEXT), async () => {
    await chat(client).catch(() => undefined);
    await askStreaming(client);
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o', name: 'Tutor' });
    const thread = await client.beta.threads.create();
    const { run, stream } = actionsOf(client, assistant.id, thread.id);
    await run();
    await stream();
  });
  await session.provider.forceFlush();
  expect([session.spans, session.logRecords, await session.metrics()]).toEqual([[], [], []]);
  await list(client);
  expect(ours()).toEqual(['GET /models']);
});
