import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment, startAgentProgram } from '../support/agent-program.ts';
import type { Program } from '../support/program.ts';
import { startTutor, type Tutor } from '../support/tutor.ts';
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
  { object: 'thread.run.step', id: 'step_z', run_id: 'run_z' },
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

describe('the events of a run', () => {
  const ABOUT = { thread_id: 'thread_000001', assistant_id: 'asst_000001', created_at: 1_700_000_000 };
  const RUN = { ...ABOUT, object: 'thread.run', id: 'run_1', model: 'gpt-4o-mini' };
  const STEP = {
    ...ABOUT,
    object: 'thread.run.step',
    id: 'step_1',
    run_id: 'run_1',
    type: 'message_creation',
    step_details: { type: 'message_creation', message_creation: { message_id: 'msg_1' } },
  };
  const USAGE = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
  const ZERO = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

  const run = (status: string, usage: unknown = null, more = {}) => ({
    event: `thread.run.${status}`,
    data: { ...RUN, status, usage, ...more },
  });
  const step = (status: string, usage: unknown = null) => ({
    event: `thread.run.step.${status}`,
    data: { ...STEP, status, usage },
  });

  async function readRun(tutor: Tutor, events: readonly { event: string; data: object }[]): Promise<void> {
    tutor.simulator.next({ when: { method: 'POST', path: /runs$/ }, sse: [...events, 'done'] });
    await tutor.inSpan(async () => Array.fromAsync(await tutor.events()));
  }

  it('that are out of order, repeated or missing give the same run', async () => {
    const tutor = await startTutor({ config: everything, content: true });
    const completed = run('completed', USAGE, { completed_at: 1_700_000_002 });
    await readRun(tutor, [
      step('completed', USAGE),
      run('in_progress'),
      step('completed', USAGE),
      step('in_progress'),
      completed,
      completed,
      run('queued'),
    ]);
    await tutor.expectTree(`
      program
      └─ thread                      openai.total.input_tokens=5 openai.total.runs=1
         └─ invoke_agent Math Tutor  openai.run.status=completed openai.total.input_tokens=5
            └─ chat gpt-4o-mini      openai.step.status=completed gen_ai.usage.input_tokens=5
    `);
  });

  it.each<[string, { reported: unknown; of: unknown; input: number; cost: number }]>([
    ['its steps, if it reports none', { reported: null, of: USAGE, input: 5, cost: 8 }],
    ['its steps, if it reports zeros', { reported: ZERO, of: USAGE, input: 5, cost: 8 }],
    ['zero, if nothing else is reported', { reported: ZERO, of: null, input: 0, cost: 0 }],
  ])('of a run that failed give it the usage of %s', async (_, { reported, of, input, cost }) => {
    const prices = { 'gpt-4o-mini': { input_mtok: 1e6, output_mtok: 1e6 } };
    const tutor = await startTutor({ config: { prices, cost: true } });
    const failure = { last_error: { code: 'server_error', message: 'x' }, failed_at: 1_700_000_002 };
    await readRun(tutor, [run('in_progress'), step('completed', of), run('failed', reported, failure)]);
    const totals = `openai.total.input_tokens=${input} openai.total.cost=${cost}`;
    await tutor.expectTree(`
      program
      └─ thread                      ${totals} openai.total.runs=1
         └─ invoke_agent Math Tutor  !server_error ${totals}
            └─ chat gpt-4o-mini      ${of === null ? '' : `gen_ai.usage.input_tokens=${input} openai.cost=${cost}`}
    `);
    const tokens = await tutor.points('gen_ai.client.token.usage');
    const sums = [...tokens, ...(await tutor.points('openai.client.cost'))];
    expect(sums.map(({ count }) => count)).toEqual([1, 1, 1]);
    expect(sums.map(({ sum }) => sum)).toEqual([input, cost - input, cost]);
  });
});
