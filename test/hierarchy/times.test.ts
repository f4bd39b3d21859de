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

it('a run whose stream is read late, and left, ends when the API says', async () => {
  let passed = 0;
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    vi.spyOn(clock, 'now').mockImplementation(() => now() + passed * 1e3);
  }
  onTestFinished(() => void vi.restoreAllMocks());
  const { simulator, ...tutor } = await startTutor({ config: { runSteps: 'observe' } });
  const created_at = Math.floor(Date.now() / 1e3) - 5;
  const run = { id: 'run_1', object: 'thread.run', thread_id: tutor.threadId, created_at };
  simulator.next({ sse: [{ event: 'thread.run.created', data: { ...run, status: 'queued' } }] });
  const events = await tutor.events();
  passed = 20;
  for await (const _ of events) break;
  passed = 40;
  simulator.next({ body: { ...run, status: 'completed', completed_at: created_at + 25 } });
  await tutor.poll('run_1');
  const [ended] = await tutor.flushed('invoke_agent');
  expect(Math.round((ended?.duration[0] ?? 0) + (ended?.duration[1] ?? 0) / 1e9)).toBe(25);
});
