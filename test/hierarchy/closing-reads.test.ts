import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { flush, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { observerFor } from '../../src/pipeline/client-observers.ts';
import { environment, startAgentProgram } from '../support/agent-program.ts';
import { type ApiUsage, recordApiUsage } from '../support/api-usage.ts';
import { responseBody } from '../support/bodies.ts';
import { holdRequests } from '../support/hold-requests.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { otherProcess } from '../support/other-process.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startSimulator } from '../support/simulator/index.ts';
import { ASKS_FOR_X, outputsFor, startTutor, type Tutor } from '../support/tutor.ts';

// Let fake timers control reads, too.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

interface WithApiUsage {
  readonly apiUsage: ApiUsage;
}

/** The timeouts are short, and so is the time between two looks at what to ask for. */
const LEAVING = { runTimeout: 60_000, conversationIdleTimeout: 40 };

async function startLeaving(config: OpenAIInstrumentationConfig = LEAVING): Promise<Tutor & WithApiUsage> {
  const apiUsage = recordApiUsage();
  const tutor = await startTutor({ runs: [{}], config, client: { fetch: apiUsage.fetch } });
  return { ...tutor, apiUsage };
}

function asksOf({ simulator }: Pick<Program, 'simulator'>, path: RegExp): number {
  return simulator.requests.filter((request) => request.method === 'GET' && path.test(request.path)).length;
}

const COMPLETED = `
  program
  └─ thread
     └─ invoke_agent Math Tutor  openai.run.status=completed
        └─ chat gpt-4o-mini
`;
const RUN = /runs\/run_\d+$/;
const RESPONSE = /responses\/resp_\w+$/;

async function expectAllTold(tutor: Program & WithApiUsage): Promise<void> {
  const reported = await tutor.apiUsage.total();
  expect(reported.output_tokens).toBeGreaterThan(0);
  expect(usageSum(tutor.telemetry.spans)).toEqual(reported);
}

/** Another process drives it to its end. */
async function finishElsewhere(
  { simulator, apiUsage }: Program & WithApiUsage,
  threadId: string,
): Promise<void> {
  const worker = new OpenAI({ apiKey: 'test', baseURL: simulator.url, fetch: apiUsage.fetch });
  const [run] = (await worker.beta.threads.runs.list(threadId)).data;
  await worker.beta.threads.runs.poll(run?.id ?? '', { thread_id: threadId }, { pollIntervalMs: 1 });
}

describe('a run that the program no longer waits for', () => {
  it('is asked for its end after an aborted poll', async () => {
    const tutor = await startLeaving();
    const { client, assistantId, threadId, simulator } = tutor;
    const controller = new AbortController();
    simulator.next({ when: { path: RUN }, delayMs: 5_000 });
    await tutor.inSpan(async () => {
      const run = client.beta.threads.runs.createAndPoll(
        threadId,
        { assistant_id: assistantId },
        { signal: controller.signal },
      );
      const aborted = expect(run).rejects.toThrow();
      await vi.waitUntil(() => asksOf(tutor, RUN) === 1);
      controller.abort();
      await aborted;
    });
    await finishElsewhere(tutor, threadId);
    await expect.poll(() => tutor.telemetry.openSpans, { timeout: 5_000 }).toEqual([]);
    await tutor.expectTree(COMPLETED);
    await expectAllTold(tutor);
  });

  it('has no span that stays open if the instrumentation is disabled while it is asked for', async () => {
    const reads = holdRequests('/runs/run_', 'answered');
    const tutor = await startTutor({ runs: [{}], config: LEAVING, client: { fetch: reads.fetch } });
    await tutor.inSpan(async () => {
      for await (const { event } of await tutor.events()) if (event === 'thread.run.created') break;
    });
    await reads.held;
    observerFor({ cost: false, ...LEAVING }).dispose();
    reads.release();
    await tutor.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  openai.run.observed=false
    `);
    expect(tutor.telemetry.openSpans).toEqual([]);
  });

  it('is not asked for once its thread was deleted', async () => {
    const tutor = await startLeaving({ conversationSpans: 'never' });
    await tutor.create();
    await tutor.client.beta.threads.delete(tutor.threadId);
    await tutor.telemetry.provider.shutdown();
    expect(asksOf(tutor, RUN)).toBe(0);
  });

  it('is not asked for with runSteps "observe"', async () => {
    const tutor = await startLeaving({ runSteps: 'observe' });
    await tutor.create();
    await tutor.telemetry.provider.shutdown();
    expect(asksOf(tutor, RUN)).toBe(0);
  });
});

describe('a run that only another process has polled', () => {
  it('is asked for its end once at a shutdown', async () => {
    const tutor = await startLeaving();
    const { threadId } = tutor;
    await tutor.inSpan(tutor.create);
    await finishElsewhere(tutor, threadId);
    const asked = asksOf(tutor, RUN);
    await tutor.telemetry.provider.shutdown();
    expect(asksOf(tutor, RUN)).toBe(asked + 1);
    await tutor.expectTree(COMPLETED);
    await expectAllTold(tutor);
  });

  it('is asked for its end by flush(), which leaves a run in progress open', async () => {
    const tutor = await startLeaving();
    const { threadId } = tutor;
    await tutor.create();
    await flush();
    expect(asksOf(tutor, RUN)).toBe(1);
    expect(tutor.telemetry.openSpans).toContain('invoke_agent Math Tutor');
    await finishElsewhere(tutor, threadId);
    await flush();
    expect(tutor.telemetry.openSpans).toEqual([]);
    await expectAllTold(tutor);
  });
});

it('a server that does not say at a shutdown how its run ended costs the runs of another server none of their steps', async () => {
  const steps = holdRequests('/steps', 'unasked');
  const tutor = await startTutor({ runs: [{}], client: { fetch: steps.fetch } });
  const other = await startSimulator();
  const elsewhere = tutor.client.withOptions({ baseURL: other.url });
  const { id } = await elsewhere.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Chef' });
  other.next({ when: { path: RUN }, delayMs: 60_000 });
  await tutor.inSpan(tutor.run);
  await elsewhere.beta.threads.createAndRun({ assistant_id: id });
  await steps.held;
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const ended = tutor.telemetry.provider.shutdown();
  await vi.waitUntil(() => asksOf({ simulator: other }, RUN) === 1);
  steps.release();
  await vi.waitUntil(() => tutor.telemetry.spans.some(({ name }) => name.startsWith('invoke_agent')));
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  await ended;
  await other.close();
  const names = tutor.telemetry.spans.map(({ name }) => name);
  expect(names).toContain('chat gpt-4o-mini');
});

it('two threads whose server repeats the ids of runs do not wait for lists of steps of each other', async () => {
  const steps = holdRequests('/threads/thread_other/', 'unasked');
  const { client, telemetry, ...tutor } = await startTutor({ runs: [{}], client: { fetch: steps.fetch } });
  const { id } = await tutor.create();
  const list = client.beta.threads.runs.steps.list(id, { thread_id: 'thread_other' });
  const failed = expect(list).rejects.toThrow();
  await steps.held;
  await tutor.poll(id);
  await telemetry.provider.forceFlush();
  expect(telemetry.openSpans).not.toContain('invoke_agent Math Tutor');
  steps.release();
  await failed;
});

it.each([
  'agent.session.turn.item.added',
  // The program knows the session by then, and nobody the turn.
  'agent.session.created',
])(
  'a turn that the program no longer waits for is asked for its end after the stream of its session was left at %s',
  async (last) => {
    const program = await startAgentProgram([{}], { config: { conversationIdleTimeout: 40 } });
    const { client, agentId, telemetry } = program;
    await program.inSpan(async () => {
      const input = 'What is x?';
      const asked = { agent_id: agentId, environment, input, stream: true } as const;
      for await (const { type } of await client.beta.agents.sessions.create(asked)) if (type === last) break;
    });
    await expect.poll(() => telemetry.openSpans, { timeout: 5_000 }).toEqual([]);
    const [turn] = program.ended('invoke_agent');
    expect(turn?.attributes).toMatchObject({ 'openai.run.status': 'completed' });
    expect(turn?.attributes).not.toHaveProperty('openai.run.observed');
  },
);

it('a background response that the program no longer waits for is asked for its end after an aborted poll', async () => {
  const apiUsage = recordApiUsage();
  const config = { conversationIdleTimeout: 40 };
  const program = await startProgram({ config, client: { fetch: apiUsage.fetch } });
  const { client, inSpan, simulator, telemetry } = program;
  const asked = { model: 'gpt-4o-mini', input: 'Think.', background: true };
  const { id } = await inSpan(() => client.responses.create(asked));
  simulator.next({ when: { path: RESPONSE }, delayMs: 5_000 });
  await expect(client.responses.retrieve(id, {}, { timeout: 50 })).rejects.toThrow();
  // Another process sees it to its end.
  const worker = new OpenAI({ apiKey: 'test', baseURL: simulator.url, fetch: apiUsage.fetch });
  while ((await worker.responses.retrieve(id)).status !== 'completed');
  await expect.poll(() => telemetry.openSpans, { timeout: 5_000 }).toEqual([]);
  await expectAllTold({ ...program, apiUsage });
});

describe('what another process created and the program has adopted', () => {
  it('is asked for its end after the stream of the run was left', async () => {
    const tutor = await startTutor({ runs: [ASKS_FOR_X] });
    const run = await tutor.plain.beta.threads.runs.createAndPoll(tutor.threadId, {
      assistant_id: tutor.assistantId,
    });
    const worker = otherProcess(tutor, { adoptRuns: true, conversationIdleTimeout: 40 });
    await tutor.inSpan(async () => {
      const answers = { ...outputsFor(run), stream: true } as const;
      for await (const { event } of await worker.beta.threads.runs.submitToolOutputs(run.id, answers))
        if (event === 'thread.run.in_progress') break;
    });
    await expect.poll(() => tutor.ended('invoke_agent'), { timeout: 5_000 }).toHaveLength(1);
    expect(tutor.ended('invoke_agent')[0]?.attributes).toMatchObject({ 'openai.run.status': 'completed' });
  });

  it('is asked for its end after the stream of the session was left', async () => {
    const { agentId, ...program } = await startAgentProgram([{}]);
    const asked = { agent_id: agentId, environment, input: 'What is x?' };
    const { id } = await program.plain.beta.agents.sessions.create(asked);
    const worker = otherProcess(program, { adoptRuns: true, conversationIdleTimeout: 40 });
    for await (const { type } of await worker.beta.agents.sessions.events.stream(id))
      if (type === 'agent.session.turn.item.added') break;
    await expect.poll(() => program.ended('invoke_agent'), { timeout: 5_000 }).toHaveLength(1);
    expect(program.ended('invoke_agent')[0]?.attributes).toMatchObject({ 'openai.run.status': 'completed' });
  });

  it('is asked for its end after the stream of the response was left', async () => {
    const program = await startProgram({ config: { adoptRuns: true } });
    const begun = responseBody([], { background: true, status: 'in_progress' });
    const data = { type: 'response.in_progress', sequence_number: 0, response: begun };
    program.simulator.next({ sse: [{ data }] });
    for await (const _ of await program.client.responses.retrieve('resp_1', { stream: true }));
    program.simulator.next({ body: { ...begun, status: 'completed' } });
    await expect.poll(() => program.ended('chat'), { timeout: 5_000 }).toHaveLength(1);
    expect(program.ended('chat')[0]?.attributes).toMatchObject({ 'gen_ai.response.status': 'completed' });
  });
});

it('two servers with an assistant of the same id keep the names of their agents apart', async () => {
  const one = await startTutor();
  const other = await startSimulator();
  const client = new OpenAI({ apiKey: 'test', baseURL: other.url });
  // Their ids begin with the same number.
  const { id } = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Chef' });
  expect(id).toBe(one.assistantId);
  const elsewhere = one.client.withOptions({ baseURL: other.url });
  await one.inSpan(() => elsewhere.beta.threads.createAndRunPoll({ assistant_id: id }));
  await one.telemetry.provider.forceFlush();
  await other.close();
  const names = one.telemetry.spans.map(({ name }) => name);
  expect(names).toContain('invoke_agent Chef');
  expect(names).not.toContain('invoke_agent Math Tutor');
});
