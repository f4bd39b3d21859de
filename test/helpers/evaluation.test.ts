import { context, type Span } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import {
  type Completion,
  type Evaluation,
  type OpenAIInstrumentationConfig,
  recordEvaluation,
  withConversation,
  withMetadata,
} from '../../src/client.ts';
import {
  findEvaluated,
  rememberAnswer,
  rememberForEvaluation,
} from '../../src/telemetry/evaluations/evaluated-spans.ts';
import { lifeOf } from '../../src/telemetry/program-end/provider-life.ts';
import type { Program } from '../support/program.ts';
import { startTracedProgram } from './program.ts';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello?' }] };

function evaluations({ telemetry }: Program): ReadableLogRecord[] {
  return telemetry.logRecords.filter(({ eventName }) => eventName === 'gen_ai.evaluation.result');
}

/** The name of the span that the last evaluation belongs to. */
function evaluatedSpan(program: Program): string | undefined {
  const about = evaluations(program).at(-1)?.spanContext;
  return program.telemetry.spans.find((span) => span.spanContext().spanId === about?.spanId)?.name;
}

/** A span that ends with the test. */
function startSpan({ telemetry }: Program): Span {
  const span = telemetry.provider.getTracer('t').startSpan('chat');
  onTestFinished(() => span.end());
  return span;
}

describe('an evaluation belongs to the span that it is about', () => {
  test('a chat completion, also from another request', async () => {
    const program = await startTracedProgram();
    const { id } = await program.inSpan(() => program.client.chat.completions.create(CHAT));
    await program.inSpan(async () =>
      withMetadata({ userId: 'ada' }, () =>
        recordEvaluation({ responseId: id, name: 'helpfulness', score: 0.9, label: 'pass' }),
      ),
    );
    expect(evaluatedSpan(program)).toBe('chat gpt-4o-mini');
    expect(evaluations(program)[0]?.attributes).toEqual({
      'gen_ai.evaluation.name': 'helpfulness',
      'gen_ai.evaluation.score.value': 0.9,
      'gen_ai.evaluation.score.label': 'pass',
      'gen_ai.response.id': id,
      'gen_ai.request.model': 'gpt-4o-mini',
      // Who gave the feedback.
      'user.id': 'ada',
    });
  });

  test('a streamed response, and one that was fetched again', async () => {
    const program = await startTracedProgram();
    const { responses } = program.client;
    const { id } = await responses.stream({ model: 'gpt-4o-mini', input: 'Hello?' }).finalResponse();
    await responses.retrieve(id);
    recordEvaluation({ responseId: id, name: 'helpfulness', score: 1 });
    expect(evaluatedSpan(program)).toBe('chat gpt-4o-mini');
  });

  test('a run, the message that it wrote, and its thread', async () => {
    const program = await startTracedProgram();
    const { beta } = program.client;
    const assistant = await beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
    const thread = await beta.threads.create({ messages: [{ role: 'user', content: '2 + 2?' }] });
    const run = await beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    const [message] = (await beta.threads.messages.list(thread.id)).data;
    await program.telemetry.provider.forceFlush();
    recordEvaluation({ runId: run.id, name: 'helpfulness', score: 1 });
    expect(evaluatedSpan(program)).toBe('invoke_agent Math Tutor');
    expect(evaluations(program)[0]?.attributes).toMatchObject({
      'openai.run.id': run.id,
      'openai.thread.id': thread.id,
      'openai.assistant.id': assistant.id,
      'gen_ai.agent.name': 'Math Tutor',
    });
    recordEvaluation({ responseId: message?.id ?? '', name: 'helpfulness', score: 1 });
    expect(evaluatedSpan(program)).toBe('chat gpt-4o-mini');
    recordEvaluation({ threadId: thread.id, name: 'helpfulness', score: 1 });
    await beta.threads.delete(thread.id);
    expect(evaluatedSpan(program)).toBe('thread');
  });

  test('a conversation that the program named, without a span above it', async () => {
    const program = await startTracedProgram({ conversationSpans: 'always' });
    const id = 'a conversation of two requests';
    await withConversation(id, () => program.client.chat.completions.create(CHAT));
    recordEvaluation({ conversationId: id, name: 'helpfulness', score: 1 });
    await program.telemetry.provider.shutdown();
    expect(evaluatedSpan(program)).toBe('conversation');
    expect(evaluations(program)[0]?.attributes).toMatchObject({ 'gen_ai.conversation.id': id });
  });
});

describe('an evaluation belongs to no span', () => {
  const unknown: readonly [what: string, ids: Partial<Evaluation>, attributes: Record<string, string>][] = [
    ['an answer', { responseId: 'chatcmpl-x' }, { 'gen_ai.response.id': 'chatcmpl-x' }],
    ['a run', { runId: 'run_x' }, { 'openai.run.id': 'run_x' }],
    [
      'a run of a thread',
      { runId: 'run_x', threadId: 'thread_x' },
      { 'openai.run.id': 'run_x', 'openai.thread.id': 'thread_x', 'gen_ai.conversation.id': 'thread_x' },
    ],
    ['a conversation', { conversationId: 'conv_x' }, { 'gen_ai.conversation.id': 'conv_x' }],
  ];
  it.each(unknown)('if %s is of another process', async (_, ids, attributes) => {
    const program = await startTracedProgram();
    await program.inSpan(async () => recordEvaluation({ ...ids, name: 'helpfulness', score: 0 }));
    const [record] = evaluations(program);
    expect(record?.spanContext).toBeUndefined();
    expect(record?.attributes).toEqual({
      'gen_ai.evaluation.name': 'helpfulness',
      'gen_ai.evaluation.score.value': 0,
      ...attributes,
    });
  });

  test('if the server gave several answers the same id', async () => {
    const program = await startTracedProgram();
    for (let answer = 0; answer < 2; answer++)
      rememberForEvaluation('response', 'chatcmpl-same', startSpan(program), {});
    recordEvaluation({ responseId: 'chatcmpl-same', name: 'helpfulness', score: 1 });
    expect(evaluations(program)[0]?.spanContext).toBeUndefined();
  });

  test('if its span was not recorded', async () => {
    const program = await startTracedProgram({}, { sampler: new AlwaysOffSampler() });
    const { id } = await program.client.chat.completions.create(CHAT);
    recordEvaluation({ responseId: id, name: 'helpfulness', score: 1 });
    expect(evaluations(program)).toHaveLength(1);
    expect(evaluations(program)[0]?.spanContext).toBeUndefined();
  });
});

test('the newest span of a run counts, but not if two servers use its id', async () => {
  const program = await startTracedProgram();
  const see = (server: string): Span => {
    const span = startSpan(program);
    rememberForEvaluation('run', 'run_resumed', span, { 'server.address': server });
    return span;
  };
  see('one');
  const second = see('one');
  expect(findEvaluated('run', 'run_resumed')?.span).toEqual(second.spanContext());
  see('two');
  expect(findEvaluated('run', 'run_resumed')).toBeUndefined();
});

test('an evaluation that a hook records does not reach the hook again', async () => {
  let calls = 0;
  const completionHook = (): void => {
    calls++;
    recordEvaluation({ responseId: 'x', name: 'quality', explanation: 'hidden' });
  };
  const program = await startTracedProgram(
    { completionHook, captureMessageContent: 'SPAN_AND_EVENT' },
    { content: true },
  );
  await program.client.chat.completions.create(CHAT);
  expect(calls).toBe(1);
  expect(evaluations(program).map(({ attributes }) => attributes)).toEqual([
    { 'gen_ai.evaluation.name': 'quality', 'gen_ai.response.id': 'x' },
  ]);
});

test('of a call with attributes of a hook, no more is remembered than an evaluation takes over', async () => {
  const span = startSpan(await startTracedProgram());
  const asked = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'gpt-4o',
    prompt: 'x'.repeat(10_000),
  };
  rememberAnswer(span, asked, { 'gen_ai.response.id': 'with_hook' }, true);
  expect(findEvaluated('response', 'with_hook')?.attributes).toEqual({ 'gen_ai.request.model': 'gpt-4o' });
});

/** An id as OpenAI makes them: no other answer has it. */
const idOf = (name: string | number): string => `chatcmpl-C4x8Q2m7Vt1Zk9Wb${name}`;

test('a score of a counted id has no span once answers are forgotten, of which one may have had it', async () => {
  const program = await startTracedProgram();
  const span = startSpan(program);
  for (let index = 0; index < 1_000; index++) rememberForEvaluation('response', idOf(index), span, {});
  const ids = ['chatcmpl-217', 'chatcmpl-9fk2', 'yqaBaNyaMN-Vz7IP1dSQyAo'];
  for (const id of ids) rememberForEvaluation('response', id, span, {});
  for (const responseId of ids) recordEvaluation({ responseId, name: 'helpfulness', score: 1 });
  const { spanId } = span.spanContext();
  const found = evaluations(program).map(({ spanContext }) => spanContext?.spanId);
  expect(found).toEqual([undefined, spanId, spanId]);
});

test('the last 1,000 answers are known', async () => {
  const span = startSpan(await startTracedProgram());
  for (let index = 0; index <= 1_000; index++) rememberForEvaluation('response', idOf(index), span, {});
  const found = [0, 1, 1_000].map((index) => findEvaluated('response', idOf(index))?.id);
  expect(found).toEqual([undefined, idOf(1), idOf(1_000)]);
});

test('an answer is known for an hour', async () => {
  const span = startSpan(await startTracedProgram());
  const clock = vi.spyOn(Date, 'now');
  onTestFinished(() => clock.mockRestore());
  const began = Date.now();
  rememberForEvaluation('response', idOf('first'), span, {});
  clock.mockReturnValue(began + 3_599_000);
  expect(findEvaluated('response', idOf('first'))?.id).toBe(idOf('first'));
  clock.mockReturnValue(began + 3_601_000);
  expect(findEvaluated('response', idOf('first'))).toBeUndefined();
  rememberForEvaluation('response', idOf('second'), span, {});
  expect(findEvaluated('response', idOf('second'))?.id).toBe(idOf('second'));
});

test('answers are known while a program has set the clock, and after it', async () => {
  const span = startSpan(await startTracedProgram());
  onTestFinished(() => void vi.useRealTimers());
  for (const now of [0, 4e12, undefined]) {
    if (now !== undefined) vi.useFakeTimers({ toFake: ['Date'], now });
    const id = idOf(`-at-${now}`);
    rememberForEvaluation('response', id, span, {});
    expect(findEvaluated('response', id)).toBeDefined();
    vi.useRealTimers();
  }
});

describe('the explanation is content', () => {
  const GIVEN = { responseId: 'chatcmpl-x', name: 'helpfulness', explanation: 'Ask ada, sk-abcdef' };
  const SHOWN = 'Ask ada, sk-REDACTED';
  const hooked: Completion[] = [];
  const changing = (completion: Completion): void => {
    hooked.push(completion);
    completion.evaluationExplanation = completion.evaluationExplanation?.replace('ada', '[name]');
  };
  const failing = (): void => {
    throw new Error('no');
  };

  it.each<[how: string, OpenAIInstrumentationConfig, shown: string | undefined]>([
    ['with NO_CONTENT', { captureMessageContent: 'NO_CONTENT' }, undefined],
    ['with SPAN_ONLY', { captureMessageContent: 'SPAN_ONLY' }, undefined],
    ['with EVENT_ONLY', { captureMessageContent: 'EVENT_ONLY' }, SHOWN],
    ['with SPAN_AND_EVENT', { captureMessageContent: 'SPAN_AND_EVENT' }, SHOWN],
    [
      'which a hook may change',
      { captureMessageContent: 'EVENT_ONLY', completionHook: changing },
      'Ask [name], sk-REDACTED',
    ],
    [
      'which is not recorded if a hook fails',
      { captureMessageContent: 'EVENT_ONLY', completionHook: failing },
      undefined,
    ],
    [
      'which is cut like any other text',
      { captureMessageContent: 'EVENT_ONLY', maxContentLength: 5 },
      'Ask a',
    ],
  ])('%s', async (_, config, shown) => {
    const program = await startTracedProgram(config, { content: true, eventContent: true, mayLog: true });
    recordEvaluation({ ...GIVEN, score: 1 });
    expect(evaluations(program)[0]?.attributes).toEqual({
      'gen_ai.evaluation.name': 'helpfulness',
      'gen_ai.evaluation.score.value': 1,
      'gen_ai.response.id': 'chatcmpl-x',
      'gen_ai.evaluation.explanation': shown,
    });
    for (const { operation } of hooked.splice(0))
      expect(operation).toMatchObject({ 'gen_ai.response.id': 'chatcmpl-x' });
  });
});

test.each<[what: string, given: unknown]>([
  ['nothing', undefined],
  ['no id', { name: 'helpfulness', score: 1 }],
  ['no name', { responseId: 'chatcmpl-x', score: 1 }],
  ['ids that are no texts', { responseId: 5, runId: '', name: 'helpfulness' }],
])('an evaluation with %s is refused without an error', async (_, given) => {
  const program = await startTracedProgram({}, { mayLog: true });
  recordEvaluation(given as Evaluation);
  expect(evaluations(program)).toEqual([]);
});

test('a score that is not finite is left out, and said once', async () => {
  const program = await startTracedProgram();
  for (const score of [Number.NaN, Number.POSITIVE_INFINITY])
    recordEvaluation({ responseId: 'chatcmpl-x', name: 'helpfulness', score, label: 'pass' });
  expect(evaluations(program).map(({ attributes }) => attributes['gen_ai.evaluation.score.value'])).toEqual([
    undefined,
    undefined,
  ]);
  expect(program.warnings.splice(0)).toEqual([expect.stringContaining('recordEvaluation ignored the score')]);
});

test('nothing is emitted within suppressTracing', async () => {
  const program = await startTracedProgram();
  context.with(suppressTracing(context.active()), () =>
    recordEvaluation({ responseId: 'chatcmpl-x', name: 'helpfulness', score: 1 }),
  );
  expect(evaluations(program)).toEqual([]);
});

test('nothing fails without a logger', async () => {
  const program = await startTracedProgram({}, { logs: false });
  recordEvaluation({ responseId: 'chatcmpl-x', name: 'helpfulness', score: 1 });
  expect(evaluations(program)).toEqual([]);
});

test('a program that only evaluates has it sent when it ends', async () => {
  const { provider } = (await startTracedProgram()).telemetry;
  expect(lifeOf(provider).unsent).toBe(false);
  recordEvaluation({ responseId: 'chatcmpl-x', name: 'helpfulness', score: 1 });
  expect(lifeOf(provider).unsent).toBe(true);
});
