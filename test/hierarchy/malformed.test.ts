import { describe, expect, it } from 'vitest';
import { readAgentParameters, readItemCall } from '../../src/hierarchy/dialects/agents.ts';
import { readRunParameters, readStepToolCalls } from '../../src/hierarchy/dialects/assistants.ts';
import { readSessionFacts } from '../../src/hierarchy/dialects/realtime.ts';
import { readResponseToolCall } from '../../src/operations/response/items.ts';
import { readRequestedToolCalls } from '../../src/operations/tool-calls.ts';
import { startAgentProgram } from '../support/agent-program.ts';
import type { Program } from '../support/program.ts';
import { startTutor, type Tutor } from '../support/tutor.ts';

describe('a status or type that is not a word is not recorded, since it may be content:', () => {
  const status = 'as you asked';
  const type = status;

  const recordedBy = async ({ telemetry }: Program): Promise<string> => {
    await telemetry.provider.shutdown();
    return JSON.stringify(telemetry.spans.map(({ name, attributes, events }) => [name, attributes, events]));
  };

  it('of a step, and of the answer to a request about a run', async () => {
    const tutor = await startTutor({ runs: [{}] });
    const { simulator, threadId: thread_id } = tutor;
    const { runs } = tutor.client.beta.threads;
    const step = { object: 'thread.run.step', id: 'step_1', thread_id, type, status, step_details: { type } };
    await tutor.inSpan(async () => {
      const run = await runs.create(thread_id, { assistant_id: tutor.assistantId });
      simulator.next({ when: { method: 'POST', path: /cancel$/ }, body: { ...run, status } });
      await runs.cancel(run.id, { thread_id });
      simulator.next({
        when: { method: 'GET', path: /steps/ },
        body: { object: 'list', data: [{ ...step, run_id: run.id }] },
      });
      await runs.steps.list(run.id, { thread_id });
    });
    const recorded = await recordedBy(tutor);
    expect(recorded).toContain('openai.run.request');
    expect(recorded).toContain('openai.step.status');
    expect(recorded).not.toContain(status);
  });

  it('of a tool call', () => {
    const call = { id: 'call_1', type };
    const message = { tool_calls: [{ ...call, function: { name: 'solve' } }] };
    expect(readRequestedToolCalls({ choices: [{ message }] })).toMatchObject([{ type: 'function' }]);
    expect(readStepToolCalls([call], false)).toEqual([]);
    expect(readResponseToolCall({ ...call, type: `${type}_call` })).toBeUndefined();
    expect(readItemCall({ ...call, type: `${type}_call` }, { content: false })).toBeUndefined();
  });

  it('of the turn detection or output of a realtime session, or the reasoning effort of an agent or run', () => {
    const session = { turn_detection: { type }, output_modalities: ['text', type] };
    expect(readSessionFacts(session).attributes).toEqual({ 'openai.realtime.output_modalities': ['text'] });
    expect(readAgentParameters({ reasoning: { effort: type } })).toEqual({});
    expect(readRunParameters({ reasoning_effort: type })).toEqual({});
  });

  it('of the turn and the environment of a session', async () => {
    const program = await startAgentProgram([]);
    const ids = { session_id: 'sess_1', turn_id: 'turn_1' };
    const session = { object: 'agent.session', id: 'sess_1', status: 'requires_action' };
    const turn = { object: 'agent.session.turn', id: 'turn_1', session_id: 'sess_1' };
    const sse = [
      { type: 'agent.session.created', session: { ...session, status: 'in_progress' } },
      { type: 'agent.session.turn.created', ...ids, turn: { ...turn, status: 'in_progress' } },
      { type: 'agent.session.environment.connected', ...ids, environment: { id: 'env_1', type, status } },
      { type: 'agent.session.environment.connected', ...ids, environment: { type, status: 'connected' } },
      {
        type: 'agent.session.requires_action',
        session: { ...session, required_actions: [{ ...ids, type, request_id: 'request_1' }] },
      },
      { type: 'agent.session.turn.completed', ...ids, turn: { ...turn, status } },
    ].map((data) => ({ data }));
    program.simulator.next({ when: { method: 'POST', path: /sessions$/ }, sse: [...sse, 'done'] });
    await program.inSpan(() => program.converse());
    const recorded = await recordedBy(program);
    expect(recorded).toContain('openai.environment.status');
    expect(recorded).toContain('openai.run.status');
    expect(recorded).not.toContain(status);
  });
});

it.each([1e306, Number.MAX_VALUE, -1e306, 1e300])('invalid timestamps (%s)', async (time) => {
  const tutor = await startTutor();
  const { client, simulator, threadId } = tutor;
  const body = { id: 'run_1', object: 'thread.run', thread_id: threadId, status: 'completed', usage: null };
  simulator.next({
    when: { method: 'POST', path: /runs$/ },
    body: { ...body, created_at: time, completed_at: time, expires_at: time },
  });
  await client.beta.threads.runs.create(threadId, { assistant_id: tutor.assistantId });
  const [run] = await tutor.flushed('invoke_agent');
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
    const tutor = await startTutor();
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
