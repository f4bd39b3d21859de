import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment, startAgentProgram } from '../support/agent-program.ts';
import type { Program } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';
import { collectWarnings } from '../support/warnings.ts';

/** What a server may send in place of a run, step, message or event; none of it is one. */
const NONSENSE: readonly unknown[] = [
  null,
  [],
  'text',
  42,
  {},
  { object: 'thread.run' },
  { object: 'thread.run', id: 7, status: {} },
  {
    object: 'thread.run',
    id: 'run_x',
    status: 'completed',
    usage: 'much',
    tools: 5,
    required_action: [],
    created_at: 'now',
  },
  {
    object: 'thread.run.step',
    id: 'step_x',
    run_id: 'run_x',
    step_details: { tool_calls: [null, 3, { id: 'call', type: 'function' }] },
  },
  { object: 'thread.message', id: null, content: { text: 1 } },
  { object: '__proto__', id: 'constructor' },
  { object: 'list', data: { length: 3 } },
  {
    object: 'list',
    data: [
      null,
      1,
      {
        object: 'thread.run.step',
        id: 'step_y',
        run_id: 'run_000001',
        type: 4,
        usage: { prompt_tokens: -1 },
      },
    ],
  },
];

/** The same of the Agents API. */
const AGENTS_NONSENSE: readonly unknown[] = [
  { object: 'agent.session', id: 7 },
  { type: 'agent.session.constructor' },
  { type: 'error', error: null },
  { type: 'agent.session.created', session: [] },
  { type: 'agent.session.turn.created', turn: { id: 'turn_x', session_id: {}, status: 4 } },
  {
    type: 'agent.session.turn.completed',
    turn: { id: 'turn_x', session_id: 'sess_x', status: 'completed', usage: 'much', created_at: 'now' },
  },
  {
    type: 'agent.session.turn.item.done',
    turn_id: null,
    item: { type: 'mcp_call', arguments: { toString: 1 } },
  },
  { type: 'agent.session.subagent.created', subagent: { id: 'x' } },
  { type: 'agent.session.environment.failed', environment: 'broken', event_id: {} },
];

let logged: string[] = [];

beforeEach(() => {
  logged = collectWarnings();
});

afterEach(() => void vi.useRealTimers());

const everything = { captureMessageContent: 'SPAN_ONLY' } as const;

async function result(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return String(error);
  }
}

/** Runs something observed, then again on a client that nothing observes: both have to come to the same. */
async function sameAsUnobserved(
  program: Program,
  queue: () => void,
  run: (client: Program['client']) => Promise<unknown>,
) {
  queue();
  const observed = await result(() => program.inSpan(() => run(program.client)));
  queue();
  const unobserved = await result(() => run(program.plain));
  expect(observed).toEqual(unobserved);
}

describe('an invalid answer from the server', () => {
  it('as a run', async () => {
    const tutor = await startTutor({ config: everything, content: true });
    for (const body of NONSENSE)
      await sameAsUnobserved(
        tutor,
        () => tutor.simulator.next({ when: { method: 'POST', path: /runs$/ }, body }),
        (client) => client.beta.threads.runs.create(tutor.threadId, { assistant_id: tutor.assistantId }),
      );
    expect(logged).toEqual([]);
  });

  it('as the events of a run', async () => {
    const tutor = await startTutor({ config: everything, content: true });
    const asked = { assistant_id: tutor.assistantId, stream: true } as const;
    const names = ['run.created', 'run.step.completed', 'message.delta', 'run.completed'];
    for (const data of NONSENSE) {
      const sse = names.map((name) => ({ event: `thread.${name}`, data }));
      await sameAsUnobserved(
        tutor,
        () => tutor.simulator.next({ when: { method: 'POST', path: /runs$/ }, sse: [...sse, 'done'] }),
        async ({ beta }) => Array.fromAsync(await beta.threads.runs.create(tutor.threadId, asked)),
      );
    }
    expect(logged).toEqual([]);
  });

  it.each(NONSENSE.map((body) => [JSON.stringify(body), body]))(
    'as the steps of a run: %s',
    async (_, body) => {
      const tutor = await startTutor({ runs: [{}], config: everything, content: true });
      const { simulator } = tutor;
      simulator.next({ when: { method: 'GET', path: /steps/ }, body });
      simulator.next({ when: { method: 'GET', path: /messages\?/ }, body });
      const run = await tutor.inSpan(tutor.run);
      expect(run.status).toBe('completed');
      await tutor.telemetry.provider.forceFlush();
      expect(tutor.telemetry.openSpans).toEqual([]);
      expect(logged).toEqual([]);
    },
  );

  it('as the events and items of a session', async () => {
    const program = await startAgentProgram([], { config: everything, content: true });
    const asked = { agent_id: program.agentId, environment, input: 'Hello', stream: true } as const;
    const sse = AGENTS_NONSENSE.map((data) => ({ data }));
    program.simulator.next({ when: { method: 'POST', path: /sessions$/ }, sse: [...sse, 'done'] });
    const { sessions } = program.client.beta.agents;
    await program.inSpan(async () => {
      expect(await Array.fromAsync(await sessions.create(asked))).toEqual(AGENTS_NONSENSE);
      for (const body of AGENTS_NONSENSE) {
        program.simulator.next({ when: { method: 'GET', path: /sess_1\/items/ }, body });
        await sessions.items.list('sess_1').catch(() => undefined);
      }
    });
    await program.telemetry.provider.shutdown();
    expect(program.telemetry.openSpans).toEqual([]);
    expect(logged).toEqual([]);
  });
});

it.each([1e306, Number.MAX_VALUE, -1e306, 1e300])('invalid timestamps (%s)', async (time) => {
  const tutor = await startTutor({ config: everything, content: true });
  const { client, simulator, telemetry, threadId } = tutor;
  const body = { id: 'run_1', object: 'thread.run', thread_id: threadId, status: 'completed', usage: null };
  simulator.next({
    when: { method: 'POST', path: /runs$/ },
    body: { ...body, created_at: time, completed_at: time, expires_at: time },
  });
  await client.beta.threads.runs.create(threadId, { assistant_id: tutor.assistantId });
  await telemetry.provider.forceFlush();
  const run = telemetry.spans.find(({ name }) => name.startsWith('invoke_agent'));
  expect(run?.endTime.every(Number.isSafeInteger)).toBe(true);
  expect(run?.duration[0]).toBeLessThan(60);
});

it('events that are out of order, repeated or missing give the same run', async () => {
  const tutor = await startTutor({ config: everything, content: true });
  const run = (status: string, more = {}) => ({
    object: 'thread.run',
    id: 'run_1',
    thread_id: tutor.threadId,
    assistant_id: tutor.assistantId,
    model: 'gpt-4o-mini',
    created_at: 1_700_000_000,
    status,
    ...more,
  });
  const step = (status: string, usage: unknown = null) => ({
    object: 'thread.run.step',
    id: 'step_1',
    run_id: 'run_1',
    thread_id: tutor.threadId,
    type: 'message_creation',
    created_at: 1_700_000_001,
    status,
    usage,
    step_details: { type: 'message_creation', message_creation: { message_id: 'msg_1' } },
  });
  const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
  tutor.simulator.next({
    when: { method: 'POST', path: /runs$/ },
    sse: [
      { event: 'thread.run.step.completed', data: step('completed', usage) },
      { event: 'thread.run.in_progress', data: run('in_progress') },
      { event: 'thread.run.step.completed', data: step('completed', usage) },
      { event: 'thread.run.step.in_progress', data: step('in_progress') },
      { event: 'thread.run.completed', data: run('completed', { usage, completed_at: 1_700_000_002 }) },
      { event: 'thread.run.completed', data: run('completed', { usage, completed_at: 1_700_000_002 }) },
      { event: 'thread.run.queued', data: run('queued') },
      'done',
    ],
  });
  await tutor.inSpan(async () => {
    for await (const _ of await tutor.events());
  });
  await tutor.expectTree(`
    program
    └─ thread                      openai.total.input_tokens=5 openai.total.runs=1
       └─ invoke_agent Math Tutor  openai.run.status=completed openai.total.input_tokens=5
          └─ chat gpt-4o-mini      openai.step.status=completed gen_ai.usage.input_tokens=5
  `);
});
