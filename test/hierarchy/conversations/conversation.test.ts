import { context, type Span, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { environment, startAgentProgram } from '../../support/agent-program.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { startTutor } from '../../support/tutor.ts';

const IDLE = { conversationIdleTimeout: 20 } as const;

/** Below a span, as a server is that has answered a request and continues with its work. */
function below<Result>(span: Span, run: () => Promise<Result>): Promise<Result> {
  return context.with(trace.setSpan(context.active(), span), run);
}

/** Keeps the spans: a conversation also ends when the span around it is collected. */
const ended: Span[] = [];

function endedSpan(): Span {
  const span = trace.getTracer('program').startSpan('request');
  span.end();
  ended.push(span);
  return span;
}

async function isIdle({ telemetry }: Pick<Program, 'telemetry'>): Promise<void> {
  await expect.poll(() => telemetry.openSpans).toEqual([]);
}

/** Records what is done below the program's spans, but not these. */
const DROPS_REQUESTS: Sampler = {
  shouldSample: (_, _traceId, name) => ({
    decision: name === 'request' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
  }),
};

describe('a conversation that is used below a span that has ended', () => {
  it('ends when it is idle, and the next use is linked to it', async () => {
    const tutor = await startTutor({ runs: [{}], config: IDLE });
    const { telemetry } = tutor;
    const request = endedSpan();
    await below(request, tutor.run);
    await isIdle(tutor);
    const say = () => tutor.say();
    await below(request, say);
    await isIdle(tutor);
    await tutor.expectTree(`
      request
      ├─ thread                                  openai.total.runs=1 openai.total.user_messages=1
      │  └─ invoke_agent Math Tutor              openai.total.user_messages=1 openai.run.status=completed
      │     └─ chat gpt-4o-mini
      └─ thread                                  openai.total.runs=1 openai.total.user_messages=2
         └─ POST /threads/{thread_id}/messages
    `);
    const [, first, second] = telemetry.spans.filter(({ name }) => name === 'thread');
    expect(second?.links.map(({ context: { spanId } }) => spanId)).toEqual([first?.spanContext().spanId]);
    const lastUse = telemetry.spans.find(({ name }) => name.startsWith('POST /threads/'));
    expect(second?.endTime).toEqual(lastUse?.endTime);
  });

  it('ends when it is idle, below a copy of the span that only has its ids', async () => {
    const program = await startProgram({ config: IDLE });
    const copy = trace.wrapSpanContext(endedSpan().spanContext());
    ended.push(copy);
    await below(copy, () => program.client.beta.threads.create());
    await isIdle(program);
    await program.expectTree(`
      request
      ├─ POST /threads
      └─ thread
    `);
  });
});

it('a conversation below a span that is not sampled ends with that span', async () => {
  const program = await startProgram({ sampler: DROPS_REQUESTS });
  await program.inSpan(() => program.client.beta.threads.create(), 'request');
  expect(program.telemetry.openSpans).toEqual([]);
  expect(program.telemetry.spans.map(({ name }) => name)).toEqual(['POST /threads', 'thread']);
});

it('work without a span has a trace of its own, where a conversation began below a span that had ended', async () => {
  const program = await startProgram();
  const { threads } = program.client.beta;
  const { id } = await below(endedSpan(), () => threads.create());
  await threads.messages.create(id, { role: 'user', content: 'And y?' });
  await program.expectTreeAtEnd(`
    request
    ├─ POST /threads
    └─ thread

    thread
    └─ POST /threads/{thread_id}/messages
  `);
});

it('work without a span continues in the newest trace, also where that had another part before', async () => {
  const tutor = await startTutor({ runs: [{ pollsPerStage: 5 }], config: { runSteps: 'observe' } });
  const { client, assistantId, threadId } = tutor;
  const { threads } = client.beta;
  const use = () => threads.update(threadId, { metadata: { seen: 'yes' } });
  const tracer = trace.getTracer('program');
  // Each span of the SDK has a clock of its own, which may be ahead of the next one by a part of a millisecond.
  const startTime = Date.now() - 1;
  const request = tracer.startSpan('request', { startTime });
  const job = await below(request, async () => tracer.startSpan('job', { startTime }));
  await below(request, () => threads.runs.create(threadId, { assistant_id: assistantId }));
  request.end();
  const other = tracer.startSpan('other');
  await below(other, use);
  await below(job, use);
  await use();
  other.end();
  job.end();
  await tutor.expectTreeAtEnd(`
    request
    ├─ job
    │  └─ thread
    │     ├─ POST /threads/{thread_id}
    │     └─ POST /threads/{thread_id}
    └─ thread
       └─ invoke_agent Math Tutor

    other
    └─ thread
       └─ POST /threads/{thread_id}
  `);
});

it('a conversation that several traces use at once continues in its own trace without a span', async () => {
  const program = await startProgram();
  const { threads } = program.client.beta;
  const { id } = await threads.create();
  const say = () => threads.messages.create(id, { role: 'user', content: 'And y?' });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const request = program.inSpan(async () => {
    await threads.messages.list(id);
    await say();
    await held;
  }, 'request');
  await expect.poll(() => program.telemetry.openSpans).toEqual(['thread', 'request', 'thread']);
  await say();
  release();
  await request;
  await say();
  await program.expectTreeAtEnd(`
      thread                                openai.total.user_messages=3
      ├─ POST /threads
      ├─ POST /threads/{thread_id}/messages
      └─ POST /threads/{thread_id}/messages

      request
      ├─ GET /threads/{thread_id}/messages
      └─ thread                                openai.total.user_messages=2
         └─ POST /threads/{thread_id}/messages
    `);
});

it('what is done below a span that has ended is no part of a conversation that waits for its run', async () => {
  const tutor = await startTutor({ runs: [{}, {}], config: IDLE });
  const { client, threadId, telemetry } = tutor;
  const { messages } = client.beta.threads;
  const request = trace.getTracer('program').startSpan('request');
  await below(request, async () => {
    const { id } = await tutor.create();
    request.end();
    await tutor.poll(id);
    await messages.list(threadId);
    await tutor.run();
  });
  await isIdle(tutor);
  await tutor.expectTree(`
    request
    ├─ thread                             openai.total.runs=1
    │  └─ invoke_agent Math Tutor         openai.run.status=completed
    │     └─ chat gpt-4o-mini
    ├─ GET /threads/{thread_id}/messages
    └─ thread                             openai.total.runs=2
       └─ invoke_agent Math Tutor         openai.run.status=completed
          └─ chat gpt-4o-mini
  `);
  const [, first, second] = telemetry.spans.filter(({ name }) => name === 'thread');
  expect(second?.links.map(({ context: { spanId } }) => spanId)).toEqual([first?.spanContext().spanId]);
});

it('what a stream says about a session is recorded in the trace of that stream', async () => {
  const program = await startAgentProgram([{ items: [{ environment: 'reset' }, { message: 'Done.' }] }]);
  const { sessions } = program.client.beta.agents;
  const tracer = trace.getTracer('program');
  const streaming = tracer.startSpan('streaming');
  const { id } = await below(streaming, () => sessions.create({ agent_id: program.agentId, environment }));
  const updating = tracer.startSpan('updating');
  await below(updating, () => sessions.update(id, { metadata: { seen: 'yes' } }));
  await below(streaming, async () => {
    for await (const _ of sessions.stream(id, { input: 'Go on.' }));
  });
  updating.end();
  streaming.end();
  await program.expectTree(`
    streaming
    ├─ POST /agents/sessions
    └─ session                openai.total.runs=1
       └─ invoke_agent Helper

    updating
    └─ session                             openai.total.runs=1
       └─ POST /agents/sessions/{session_id}
  `);
  const ofSession = program.ended('session');
  const events = ofSession.map(({ events: own }) => own.map(({ name }) => name));
  expect(events).toEqual([[], ['openai.session.environment']]);
});

it('a thread is deleted with all conversations that wait for its runs', async () => {
  const tutor = await startTutor({ runs: [{ pollsPerStage: 5 }], config: { runSteps: 'observe' } });
  const { client, assistantId, threadId, telemetry } = tutor;
  const { threads } = client.beta;
  const request = trace.getTracer('program').startSpan('request');
  await below(request, async () => {
    await threads.runs.create(threadId, { assistant_id: assistantId });
    request.end();
    await threads.update(threadId, { metadata: { seen: 'yes' } });
    expect(telemetry.openSpans).toEqual(['thread', 'invoke_agent Math Tutor', 'thread']);
    await threads.delete(threadId);
  });
  expect(telemetry.openSpans).toEqual([]);
});
