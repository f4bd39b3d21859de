import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { span, traced } from '../../src/client.ts';
import { startProgram } from '../support/program.ts';
import { nanosecondsOf, outsideOfParent } from '../support/times.ts';
import { startTutor } from '../support/tutor.ts';

const REQUESTS = 40;

describe('below a plain span of the SDK, which times itself', () => {
  it('functions, what they call, and the threads that they use end before it', async () => {
    const { client, inSpan, telemetry } = await startProgram();
    const ask = traced('ask', async () => {
      const thread = await client.beta.threads.create();
      await span('message', () =>
        client.beta.threads.messages.create(thread.id, { role: 'user', content: 'x?' }),
      );
    });
    for (let request = 0; request < REQUESTS; request++) await inSpan(ask);
    expect(telemetry.spans).toHaveLength(6 * REQUESTS);
    expect(outsideOfParent(telemetry.spans)).toEqual([]);
  });

  it('a conversation ends before it that spans inside of it use', async () => {
    const { client, inSpan, telemetry } = await startProgram({
      config: { runSteps: 'off' },
      runs: Array.from({ length: REQUESTS }, () => ({})),
    });
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
    for (let request = 0; request < REQUESTS; request++)
      await inSpan(async () => {
        const thread = await client.beta.threads.create();
        await inSpan(
          () => client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }),
          'inner',
        );
      });
    const ours = telemetry.spans.filter(({ name }) => name !== 'inner');
    expect(ours).toHaveLength(4 * REQUESTS + 1);
    expect(outsideOfParent(ours)).toEqual([]);
  });

  it('hosted tools of a response never start before it, whichever clock is ahead', async () => {
    const { client, inSpan, simulator, telemetry } = await startProgram({
      config: { conversationSpans: 'always' },
    });
    const { id: conversation } = await client.conversations.create();
    const script = { output: [{ webSearch: { query: 'x?' } }] };
    simulator.respond(...Array.from({ length: 2 * REQUESTS }, () => script));
    const ask = () => client.responses.create({ model: 'gpt-4o-mini', input: 'x?', conversation });
    for (let request = 0; request < REQUESTS; request++)
      await inSpan(() => Promise.all([ask(), inSpan(ask, 'inner')]));
    const startsOf = (name: RegExp): Map<unknown, bigint> => {
      const found = telemetry.spans.filter((each) => name.test(each.name));
      return new Map(
        found.map((each) => [each.attributes['gen_ai.response.id'], nanosecondsOf(each.startTime)]),
      );
    };
    const responses = startsOf(/^chat/);
    const tools = [...startsOf(/^execute_tool/)];
    expect(tools).toHaveLength(2 * REQUESTS);
    expect(tools.filter(([id, start]) => start < (responses.get(id) ?? 0n))).toEqual([]);
  });
});

describe('below a span of the package, which it times itself', () => {
  it.each<[string, (run: () => Promise<unknown>) => Promise<unknown>]>([
    ['span', (run) => span('request', run)],
    ['traced', traced('request', (run: () => Promise<unknown>) => run())],
  ])('a thread ends with %s, no earlier than what it contains', async (_, inside) => {
    const { client, telemetry } = await startProgram({
      config: { runSteps: 'off' },
      runs: Array.from({ length: REQUESTS }, () => ({})),
    });
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
    for (let request = 0; request < REQUESTS; request++)
      await inside(async () => {
        const { id } = await client.beta.threads.create();
        await client.beta.threads.runs.createAndPoll(id, { assistant_id: assistant.id });
        await client.beta.threads.messages.list(id);
      });
    expect(telemetry.spans).toHaveLength(5 * REQUESTS + 1);
    expect(outsideOfParent(telemetry.spans)).toEqual([]);
  });
});

describe('a run whose end the API reports in whole seconds', () => {
  /** By how many nanoseconds the run ends after the start of a request that shows its end. */
  async function lateness(path: RegExp, end: object, request: 'cancel' | 'update'): Promise<bigint> {
    const { client, simulator, inSpan, telemetry } = await startProgram({ runs: [{}] });
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
    const { runs } = client.beta.threads;
    await inSpan(async () => {
      const { id: thread_id } = await client.beta.threads.create();
      const run = await runs.create(thread_id, { assistant_id: assistant.id });
      simulator.next({ when: { method: 'POST', path }, body: { ...run, ...end } });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await inSpan(() => runs[request](run.id, { thread_id, metadata: {} }), 'request');
    });
    await telemetry.provider.shutdown();
    const spanOf = (name: RegExp): ReadableSpan | undefined =>
      telemetry.spans.find((each) => name.test(each.name));
    const [run, around] = [spanOf(/^invoke_agent/), spanOf(/^request$/)];
    if (run === undefined || around === undefined) throw new Error('A span is missing');
    return nanosecondsOf(run.endTime) - nanosecondsOf(around.startTime);
  }
  /** By how much the package's clock and the SDK's may differ. */
  const TOLERANCE = 1_000_000n;

  it('does not end before the request that cancels it', async () => {
    const end = { status: 'cancelled', cancelled_at: 1 };
    expect(await lateness(/cancel$/, end, 'cancel')).toBeGreaterThan(-TOLERANCE);
  });

  it('may have ended before a request that changes its metadata', async () => {
    const end = { status: 'completed', completed_at: 1 };
    expect(await lateness(/runs\/\w+$/, end, 'update')).toBeLessThan(0n);
  });
});

/** Lets seconds pass at once. */
function startClock(): { passed: number } {
  const time = { passed: 0 };
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    vi.spyOn(clock, 'now').mockImplementation(() => now() + time.passed * 1e3);
  }
  onTestFinished(() => void vi.restoreAllMocks());
  return time;
}

const secondsOf = ({ duration: [seconds, nanoseconds] }: ReadableSpan): number =>
  Math.round(seconds + nanoseconds / 1e9);

it('a run whose stream is read late, and left, ends when the API says', async () => {
  const time = startClock();
  const { simulator, ...tutor } = await startTutor({ config: { runSteps: 'observe' } });
  const created_at = Math.floor(Date.now() / 1e3) - 5;
  const run = { id: 'run_1', object: 'thread.run', thread_id: tutor.threadId, created_at };
  simulator.next({ sse: [{ event: 'thread.run.created', data: { ...run, status: 'queued' } }] });
  const events = await tutor.events();
  time.passed = 20;
  for await (const _ of events) break;
  time.passed = 40;
  simulator.next({ body: { ...run, status: 'completed', completed_at: created_at + 25 } });
  await tutor.poll('run_1');
  expect((await tutor.flushed('invoke_agent')).map(secondsOf)).toEqual([25]);
});

it('a function that another process answers ends when the server says, and the next step begins then', async () => {
  const time = startClock();
  const { simulator, ...tutor } = await startTutor();
  const created_at = Math.floor(Date.now() / 1e3);
  const run = { id: 'run_1', object: 'thread.run', thread_id: tutor.threadId, created_at };
  const see = async (passed: number, seen: object): Promise<void> => {
    time.passed = passed;
    simulator.next({ body: { ...run, ...seen } });
    await tutor.client.beta.threads.runs.retrieve(run.id, { thread_id: tutor.threadId });
  };
  const call = { id: 'call_1', type: 'function', function: { name: 'get_x', arguments: '{}' } };
  const step = (id: string, from: number, to: number, details: object): object => {
    const times = { created_at: created_at + from, completed_at: created_at + to };
    const owner = { run_id: run.id, thread_id: tutor.threadId };
    return { id, object: 'thread.run.step', status: 'completed', ...owner, ...times, step_details: details };
  };
  simulator.next({ body: { ...run, status: 'queued' } });
  await tutor.create();
  const asking = { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls: [call] } };
  await see(10, { status: 'requires_action', required_action: asking });
  await see(50, { status: 'in_progress' });
  const answered = { ...call, function: { ...call.function, output: '1' } };
  const data = [
    step('step_1', 0, 40, { type: 'tool_calls', tool_calls: [answered] }),
    step('step_2', 40, 90, { type: 'message_creation', message_creation: { message_id: 'msg_1' } }),
  ];
  simulator.next({ when: { path: /steps/ }, body: { object: 'list', data, has_more: false } });
  await see(100, { status: 'completed', completed_at: created_at + 90 });
  expect((await tutor.flushed('chat')).map(secondsOf)).toEqual([10, 50]);
  expect(tutor.ended('execute_tool').map(secondsOf)).toEqual([30]);
});

it('a run whose stream ends before its first event ends within the thread that it should have created', async () => {
  const { client, simulator, telemetry, ended } = await startProgram();
  simulator.next({ sse: [] });
  for await (const _ of await client.beta.threads.createAndRun({ assistant_id: 'asst_1', stream: true }));
  expect(ended('invoke_agent')).toHaveLength(1);
  expect(outsideOfParent(telemetry.spans)).toEqual([]);
});

it('a time of 0 counts as missing: servers written in Go report it instead of null', async () => {
  const time = startClock();
  const { simulator, ...tutor } = await startTutor({ config: { runSteps: 'observe' } });
  const created_at = Math.floor(Date.now() / 1e3);
  const missing = { completed_at: 0, failed_at: 0, cancelled_at: 0, expires_at: 0 };
  const run = { id: 'run_1', object: 'thread.run', thread_id: tutor.threadId, created_at, ...missing };
  simulator.next({ body: { ...run, status: 'queued' } });
  await tutor.create();
  time.passed = 40;
  simulator.next({ body: { ...run, status: 'failed', failed_at: created_at + 25 } });
  await tutor.poll('run_1');
  expect((await tutor.flushed('invoke_agent')).map(secondsOf)).toEqual([25]);
});
