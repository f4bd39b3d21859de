import { context, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { assistants } from '../../src/hierarchy/dialects/assistants.ts';
import { holdRequests } from '../support/hold-requests.ts';
import { startProgram } from '../support/program.ts';
import { millisecondsOf } from '../support/times.ts';
import { startTutor } from '../support/tutor.ts';

it('a run that was not created has no id, and the next run has only the messages of the thread', async () => {
  const { simulator, client, threadId, assistantId, ...program } = await startTutor({
    runs: [{}],
    config: { captureMessageContent: 'SPAN_ONLY', runSteps: 'observe' },
    content: true,
  });
  const error = { message: 'Slow down, what is x?', code: 'rate_limit_exceeded', type: 'requests' };
  simulator.next({ when: { method: 'POST', path: /runs$/ }, status: 429, body: { error } });
  const additional_messages = [{ role: 'user' as const, content: 'Hurry.' }];
  await program.inSpan(async () => {
    const asked = { assistant_id: assistantId, additional_messages };
    await expect(client.beta.threads.runs.create(threadId, asked)).rejects.toThrow('429');
    await program.run();
  });
  await program.expectTree(`
    program
    └─ thread                      openai.total.runs=1 openai.total.user_messages=1
       ├─ invoke_agent Math Tutor  !rate_limit_exceeded http.response.status_code=429 openai.total.user_messages=2
       └─ invoke_agent Math Tutor  openai.run.id={run} openai.run.status=completed openai.total.user_messages=1
  `);
  const [rejected, run] = program.ended('invoke_agent Math Tutor');
  expect(rejected?.attributes['gen_ai.input.messages']).toContain('Hurry');
  expect(run?.attributes['gen_ai.input.messages']).not.toContain('Hurry');
});

it('runs in progress at the end do not all add a listener to one signal: Node 20 warns of 11', async () => {
  const { client, assistantId, telemetry } = await startTutor();
  for (let run = 0; run < 15; run++) {
    const thread = await client.beta.threads.create();
    await client.beta.threads.runs.create(thread.id, { assistant_id: assistantId });
  }
  const added = new Map<EventTarget, number>();
  const { addEventListener } = EventTarget.prototype;
  const spy = vi.spyOn(EventTarget.prototype, 'addEventListener').mockImplementation(function (
    this: EventTarget,
    ...given
  ) {
    added.set(this, (added.get(this) ?? 0) + 1);
    addEventListener.apply(this, given);
  });
  onTestFinished(() => spy.mockRestore());
  await telemetry.provider.shutdown();
  expect(added.size).toBeGreaterThanOrEqual(15);
  expect(Math.max(...added.values())).toBeLessThan(11);
});

it('an error of our own while an answer is read does not keep a run open', async () => {
  const { client, threadId, ...program } = await startTutor({ runs: [{}] });
  const { runs } = client.beta.threads;
  await program.inSpan(async () => {
    const { id } = await program.create();
    vi.spyOn(assistants, 'read').mockImplementationOnce(() => {
      throw new Error('a bug');
    });
    await runs.retrieve(id, { thread_id: threadId });
    await program.poll(id);
  });
  await program.telemetry.provider.forceFlush();
  expect(program.telemetry.openSpans).toEqual([]);
  expect(program.warnings.splice(0)).toEqual([expect.stringContaining('settling a call failed')]);
});

describe('a stream of a run', () => {
  it('that is not read after the end of the run keeps nothing open', async () => {
    const program = await startTutor({ runs: [{}] });
    const stream = await program.inSpan(async () => {
      const opened = await program.events();
      const events = opened[Symbol.asyncIterator]();
      while ((await events.next()).value?.event !== 'thread.run.completed');
      return events;
    });
    expect(program.telemetry.openSpans).toEqual([]);
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  openai.run.status=completed
            └─ chat gpt-4o-mini
    `);
    await stream.return?.();
  });

  it('that is interrupted is an error of the program, not of the run', async () => {
    const { simulator, ...program } = await startTutor({ runs: [{}] });
    simulator.next({ when: { path: /runs$/ }, break: 'mid-body' });
    await program.inSpan(async () => {
      const read = async (): Promise<void> => {
        const stream = await program.events();
        for await (const _ of stream);
      };
      await expect(read()).rejects.toThrow();
      await program.poll('run_000001');
    });
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  openai.run.status=completed openai.stream.end=error
            └─ chat gpt-4o-mini
    `);
  });
});

describe('the span of a thread', () => {
  it('ends with its run when its thread is deleted, and a later request finds neither', async () => {
    const { client, threadId, ...program } = await startTutor({ runs: [{ pollsPerStage: 5 }] });
    await program.inSpan(async () => {
      const { id } = await program.create();
      await client.beta.threads.delete(threadId);
      await expect(client.beta.threads.runs.retrieve(id, { thread_id: threadId })).rejects.toThrow('404');
    });
    await program.expectTree(`
      program
      ├─ thread
      │  ├─ invoke_agent Math Tutor  openai.run.observed=false
      │  └─ DELETE /threads/{thread_id}
      └─ GET /threads/{thread_id}/runs/{run_id}  !NotFoundError
    `);
  });

  it('has no link to the previous segment after its thread was deleted', async () => {
    const { client, threadId, ...program } = await startTutor();
    const say = (): Promise<unknown> => program.say();
    await program.inSpan(async () => {
      await say();
      await client.beta.threads.delete(threadId);
    });
    await program.inSpan(() => expect(say()).rejects.toThrow('404'));
    const links = program.ended('thread').map((span) => span.links.length);
    expect(links).toEqual([0, 1, 0]);
  });

  it('does not change the end of the span around it', async () => {
    const program = await startTutor();
    const tracer = trace.getTracer('program');
    const span = tracer.startSpan('program');
    const { end } = span;
    await context.with(trace.setSpan(context.active(), span), program.say);
    expect(Object.hasOwn(span, 'end')).toBe(true);
    span.end();
    expect(Object.hasOwn(span, 'end')).toBe(false);
    expect(span.end).toBe(end);
    expect(program.telemetry.openSpans).toEqual([]);
  });
});

it('a thread without a span around it stays open while the API takes longer than its idle time to answer', async () => {
  const program = await startProgram({ config: { conversationIdleTimeout: 20 } });
  program.simulator.next({ when: { path: '/v1/threads' }, delayMs: 200 });
  await program.client.beta.threads.create();
  await expect.poll(() => program.telemetry.openSpans).toEqual([]);
  await program.expectTree(`
    thread           openai.thread.id={thread}
    └─ POST /threads
  `);
});

it('a run is linked to a caller that is deeper than the thread', async () => {
  const program = await startTutor({ runs: [{}], config: { runSteps: 'off' } });
  await program.inSpan(async () => {
    await program.say();
    await program.inSpan(program.run, 'inner');
  });
  const [inner] = program.ended('inner');
  const [run] = program.ended('invoke_agent');
  expect(run?.links.map(({ context: { spanId } }) => spanId)).toEqual([inner?.spanContext().spanId]);
});

describe('an unsampled conversation', () => {
  it('has no spans, sends no requests, and is still counted', async () => {
    const { simulator, ...program } = await startTutor({
      runs: [{}],
      sampler: new AlwaysOffSampler(),
    });
    await program.inSpan(program.run);
    await program.telemetry.provider.forceFlush();
    expect(program.telemetry.spans).toEqual([]);
    expect(simulator.requests.filter(({ path }) => path.includes('/steps'))).toEqual([]);
    expect(await program.points('gen_ai.client.token.usage')).toHaveLength(2);
  });

  it.each<[string, (tell: (value: unknown) => void) => OpenAIInstrumentationConfig]>([
    ['on its details event', () => ({})],
    [
      'for its completion hook',
      (completionHook) => ({ captureMessageContent: 'NO_CONTENT', completionHook }),
    ],
    ['for its sink', (sink) => ({ events: { preset: 'full', sink } })],
  ])('has the output of a polled run %s', async (_, configOf) => {
    const told: string[] = [];
    const tell = (value: unknown): void => void told.push(JSON.stringify(value));
    const program = await startTutor({
      runs: [{ steps: [{ message: 'x is 1' }] }],
      content: true,
      sampler: new AlwaysOffSampler(),
      config: { captureMessageContent: 'EVENT_ONLY', ...configOf(tell) },
    });
    await program.inSpan(program.run);
    await program.telemetry.provider.forceFlush();
    expect(program.telemetry.spans).toEqual([]);
    for (const { attributes } of program.telemetry.logRecords) tell(attributes);
    const ofRun = told.filter((text) => text.includes('invoke_agent'));
    expect(ofRun).not.toEqual([]);
    for (const text of ofRun) expect(text).toContain('x is 1');
  });
});

it('a thread that waits for the steps of a run ends before its parent, whatever else happens on it', async () => {
  const { fetch, release } = holdRequests('/steps', 'unasked');
  const { client, threadId, ...program } = await startTutor({ client: { fetch } });
  await program.inSpan(async () => {
    await program.inSpan(program.run, 'asking');
    await program.inSpan(() => client.beta.threads.messages.list(threadId), 'reading');
  });
  release();
  await program.expectTree(`
    program
    ├─ asking
    │  └─ thread
    │     └─ invoke_agent Math Tutor
    │        └─ chat gpt-4o-mini
    └─ reading
       └─ GET /threads/{thread_id}/messages
  `);
  const [asking, thread] = ['asking', 'thread'].map((name) =>
    program.telemetry.spans.findLast((span) => span.name === name),
  );
  // Within a millisecond the clock of the SDK and ours differ.
  expect(millisecondsOf(thread?.endTime)).toBeLessThan(millisecondsOf(asking?.endTime) + 1);
});
