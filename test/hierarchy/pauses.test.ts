import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SinkEvent } from '../../src/types.ts';
import { startAgentProgram } from '../support/agent-program.ts';
import { type ApiUsage, recordApiUsage } from '../support/api-usage.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { RunScript } from '../support/simulator/index.ts';
import { ASKS_FOR_X, outputsFor, startTutor, type Tutor } from '../support/tutor.ts';

// A test advances the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

const MINUTE = 60_000;
afterEach(() => void vi.useRealTimers());

const PAUSING = { runTimeout: 400, conversationIdleTimeout: 20 };

async function startPausing(script: RunScript = ASKS_FOR_X): Promise<Tutor & { apiUsage: ApiUsage }> {
  const apiUsage = recordApiUsage();
  const tutor = await startTutor({ runs: [script], config: PAUSING, client: { fetch: apiUsage.fetch } });
  return { ...tutor, apiUsage };
}

/** The tokens and the number of durations that were measured. */
async function measuredOf(program: Program): Promise<unknown> {
  const tokens = await program.points('gen_ai.client.token.usage', 'invoke_agent');
  const sumOf = (type: string): number | undefined =>
    tokens.find(({ attributes }) => attributes['gen_ai.token.type'] === type)?.sum;
  const durations = await program.points('gen_ai.client.operation.duration', 'invoke_agent');
  return {
    input_tokens: sumOf('input'),
    output_tokens: sumOf('output'),
    durations: durations.map(({ count }) => count),
  };
}

async function pause({ telemetry }: Pick<Program, 'telemetry'>): Promise<void> {
  await expect.poll(() => telemetry.openSpans, { timeout: 10_000 }).toEqual([]);
}

describe('a run that a person answers after its timeout', () => {
  it('continues in a second span, with each token once and one duration', async () => {
    const tutor = await startPausing();
    const { client, apiUsage } = tutor;
    const { runs } = client.beta.threads;
    const run = await tutor.inSpan(tutor.run, 'ask');
    await pause(tutor);
    await tutor.inSpan(() => runs.submitToolOutputsAndPoll(run.id, outputsFor(run)), 'answer');
    await tutor.expectTree(`
      ask
      └─ thread                      openai.total.runs=1
         └─ invoke_agent Math Tutor  openai.run.status=requires_action openai.run.observed=false

      answer
      └─ thread                      openai.total.runs=1
         └─ invoke_agent Math Tutor  openai.run.status=completed
            ├─ chat gpt-4o-mini
            ├─ execute_tool get_x
            └─ chat gpt-4o-mini
    `);
    const [tool] = tutor.ended('execute_tool');
    expect(tool?.attributes['openai.tool.waited']).toBeGreaterThan(0);
    const reported = await apiUsage.total();
    expect(reported.output_tokens).toBeGreaterThan(0);
    expect(usageSum(tutor.telemetry.spans)).toEqual(reported);
    expect(await measuredOf(tutor)).toEqual({ ...reported, durations: [1] });
  });

  it('reports each tool call to a sink once', async () => {
    const called: string[] = [];
    const sink = (event: SinkEvent): void => {
      if (event.type === 'tool.call') called.push(event.name);
    };
    const hosted = { tools: [{ codeInterpreter: { input: '1' } }] };
    const tutor = await startTutor({
      runs: [{ steps: [hosted, ...(ASKS_FOR_X.steps ?? [])] }],
      config: { ...PAUSING, events: { sink } },
    });
    const run = await tutor.inSpan(tutor.run, 'ask');
    const { runs } = tutor.client.beta.threads;
    await runs.steps.list(run.id, { thread_id: tutor.threadId });
    await pause(tutor);
    expect(called.toSorted()).toEqual(['code_interpreter', 'get_x']);
    await runs.submitToolOutputsAndPoll(run.id, outputsFor(run));
    await tutor.telemetry.provider.forceFlush();
    expect(called.length).toBe(2);
  });
});

it('a run that was given up is asked for its end once, and continues in a linked second span when any request shows it again', async () => {
  const tutor = await startPausing({});
  const { client, threadId, apiUsage } = tutor;
  const { runs } = client.beta.threads;
  const run = await tutor.inSpan(tutor.create, 'ask');
  await pause(tutor);
  const { requests } = tutor.simulator;
  const asked = requests.filter(({ method, path }) => method === 'GET' && /run_\d+$/.test(path));
  expect(asked).toHaveLength(1);
  await tutor.inSpan(() => runs.poll(run.id, { thread_id: threadId }), 'later');
  await tutor.expectTree(`
    ask
    └─ thread                      openai.total.runs=1
       └─ invoke_agent Math Tutor  openai.run.status=in_progress openai.run.observed=false

    later
    └─ thread                      openai.total.runs=1
       └─ invoke_agent Math Tutor  openai.run.status=completed
          └─ chat gpt-4o-mini
  `);
  const [first, second] = tutor.ended('invoke_agent');
  expect(second?.links.map(({ context }) => context.spanId)).toEqual([first?.spanContext().spanId]);
  const reported = await apiUsage.total();
  expect(usageSum(tutor.telemetry.spans)).toEqual(reported);
  expect(await measuredOf(tutor)).toEqual({ ...reported, durations: [1] });
});

const RUN = { id: 'run_1', object: 'thread.run', thread_id: 'thread_1', assistant_id: 'asst_1' };
const PATH = '/v1/threads/thread_1/runs';

describe('a run that paused', () => {
  async function startPaused(created_at: number, config: object = {}, more: object = {}): Promise<Program> {
    const program = await startProgram({
      config: { runSteps: 'observe', runTimeout: 50, conversationIdleTimeout: 20, ...config },
    });
    const run = { ...RUN, ...more, status: 'in_progress', created_at };
    program.simulator.next({ when: { path: PATH }, body: run });
    const { runs } = program.client.beta.threads;
    await program.inSpan(() => runs.create('thread_1', { assistant_id: 'asst_1' }));
    await expect.poll(() => program.telemetry.openSpans, { timeout: 10_000 }).toEqual([]);
    return program;
  }

  it('has ended when the server says, whatever the clocks did meanwhile', async () => {
    const now = Math.floor(Date.now() / 1e3);
    // As if this process had slept for an hour since the run was created.
    const created_at = now - 3_600;
    const { simulator, client, flushed } = await startPaused(created_at);
    const body = { ...RUN, status: 'completed', created_at, completed_at: now - 1_800 };
    simulator.next({ when: { path: `${PATH}/run_1` }, body, delayMs: 300 });
    await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' });
    const [, second] = await flushed('invoke_agent');
    const [seconds, nanoseconds] = second?.duration ?? [1, 0];
    expect(seconds * 1e3 + nanoseconds / 1e6).toBeLessThan(100);
  });

  it('has its tokens on the second span only, even if the server reported some before the end', async () => {
    const created_at = Math.floor(Date.now() / 1e3);
    const tokens: unknown[] = [];
    const sink = (event: SinkEvent): void => {
      if (event.type === 'model.invoke') tokens.push(event.tokens);
    };
    const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };
    const program = await startPaused(created_at, { events: { sink } }, { usage });
    const whole = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    const body = { ...RUN, status: 'completed', created_at, usage: whole };
    program.simulator.next({ when: { path: `${PATH}/run_1` }, body });
    const { runs } = program.client.beta.threads;
    await program.inSpan(() => runs.retrieve('run_1', { thread_id: 'thread_1' }), 'later');
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent  openai.run.observed=false openai.total.input_tokens=10

      later
      └─ thread           openai.total.input_tokens=100
         └─ invoke_agent  openai.total.input_tokens=100 gen_ai.usage.input_tokens=100 gen_ai.usage.output_tokens=20
    `);
    expect(usageSum(program.telemetry.spans)).toEqual({ input_tokens: 100, output_tokens: 20 });
    expect(tokens).toEqual([undefined, { input: 100, output: 20 }]);
  });

  it('is forgotten when there is only room for one that paused later', async () => {
    const created_at = Math.floor(Date.now() / 1e3);
    const { simulator, client, telemetry, flushed } = await startPaused(created_at, { maxConversations: 1 });
    const { runs } = client.beta.threads;
    const other = { ...RUN, id: 'run_2', created_at };
    simulator.next({ when: { path: PATH }, body: { ...other, status: 'in_progress' } });
    await runs.create('thread_1', { assistant_id: 'asst_1' });
    await expect.poll(() => telemetry.openSpans, { timeout: 10_000 }).toEqual([]);
    simulator.next({ when: { path: `${PATH}/run_1` }, body: { ...RUN, status: 'completed', created_at } });
    await runs.retrieve('run_1', { thread_id: 'thread_1' });
    const paused = await flushed('invoke_agent');
    expect(paused.map(({ attributes }) => attributes['openai.run.id'])).toEqual(['run_1', 'run_2']);
  });
});

it('a run whose time is over continues as long as the API says so', async () => {
  const program = await startProgram({ config: { runSteps: 'observe' } });
  const created_at = Math.floor(Date.now() / 1e3);
  const run = { ...RUN, model: 'gpt-4o', created_at, expires_at: created_at };
  program.simulator.next({ when: { path: PATH }, body: { ...run, status: 'in_progress' } });
  for (const status of ['in_progress', 'in_progress', 'completed'])
    program.simulator.next({ when: { path: `${PATH}/run_1` }, body: { ...run, status } });
  const { runs } = program.client.beta.threads;
  await program.inSpan(async () => {
    await runs.create('thread_1', { assistant_id: 'asst_1' });
    for (let polled = 0; polled < 3; polled++) {
      // Looks at what is overdue.
      await program.telemetry.provider.forceFlush();
      await runs.retrieve('run_1', { thread_id: 'thread_1' });
    }
  });
  await program.expectTree(`
    program
    └─ thread
       └─ invoke_agent  openai.run.id=run_1 openai.run.status=completed openai.run.poll_count=3
  `);
});

describe('a list of what an invocation has made, while that pauses', () => {
  it('does not continue the run', async () => {
    const tutor = await startPausing();
    const { client, threadId } = tutor;
    const { messages, runs } = client.beta.threads;
    const run = await tutor.inSpan(tutor.run, 'ask');
    await pause(tutor);
    const [question] = (await messages.list(threadId)).data;
    for (let listed = 0; listed < 2; listed++) {
      const data = [{ ...question, id: 'msg_of_run', role: 'assistant', run_id: run.id }];
      tutor.simulator.next({ when: { method: 'GET', path: /messages$/ }, body: { object: 'list', data } });
      await messages.list(threadId);
      await runs.steps.list(run.id, { thread_id: threadId });
      await pause(tutor);
    }
    expect(await tutor.flushed('invoke_agent')).toHaveLength(1);
  });

  it('does not continue the turn', async () => {
    const program = await startAgentProgram([{ items: [{ functions: [{ name: 'wait', arguments: {} }] }] }], {
      config: { runTimeout: 50, conversationIdleTimeout: 20, runSteps: 'observe' },
    });
    const { items, turns } = program.client.beta.agents.sessions;
    const id = await program.inSpan(async () => {
      const session = await program.create('Wait.');
      await program.poll(session.id, 'requires_action');
      await turns.retrieve('turn_000001', { session_id: session.id });
      return session.id;
    });
    await pause(program);
    for (let listed = 0; listed < 2; listed++) {
      await items.list(id);
      await pause(program);
    }
    expect(await program.flushed('invoke_agent')).toHaveLength(1);
  });
});

it('a background response that was given up continues in a second span when it is retrieved, with its run and each token once and the model that was requested', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const apiUsage = recordApiUsage();
  const program = await startProgram({ client: { fetch: apiUsage.fetch } });
  const { conversations, responses } = program.client;
  program.simulator.respond({ output: [{ message: 'x is 1' }], pollsPerStage: 3 });
  const { id: conversation } = await conversations.create();
  const asked = { model: 'gpt-4o-mini', input: 'What is x?', background: true, conversation };
  const { id } = await responses.create(asked);
  vi.advanceTimersByTime(31 * MINUTE);
  await program.telemetry.provider.forceFlush();
  vi.advanceTimersByTime(MINUTE);
  let { status } = await responses.retrieve(id);
  while (status === 'queued' || status === 'in_progress') ({ status } = await responses.retrieve(id));
  await program.expectTreeAtEnd(`
    conversation
    ├─ POST /conversations
    └─ chat gpt-4o-mini      gen_ai.response.status=queued

    conversation
    ├─ chat gpt-4o-mini      gen_ai.response.status=completed
    └─ fetch_response        gen_ai.response.status=queued
  `);
  expect(usageSum(program.telemetry.spans)).toEqual(await apiUsage.total());
  const totals = program.ended('conversation');
  expect(totals.map(({ attributes }) => attributes['openai.total.runs'])).toEqual([1, 1]);
  const [first, second] = program.ended('chat');
  expect(second?.links.map(({ context }) => context.spanId)).toContain(first?.spanContext().spanId);
});

it.each([
  ['continues after 23 hours', 23, 2],
  ['is forgotten after 24 hours', 25, 1],
])('a background response that was given up %s', async (_, hours, spans) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const { simulator, client, telemetry, ended } = await startProgram();
  simulator.respond({ output: [{ message: 'x is 1' }], pollsPerStage: 1 });
  const { id } = await client.responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
  vi.advanceTimersByTime(31 * MINUTE);
  await telemetry.provider.forceFlush();
  vi.advanceTimersByTime(hours * 60 * MINUTE);
  while ((await client.responses.retrieve(id)).status !== 'completed');
  await telemetry.provider.shutdown();
  expect(ended('chat')).toHaveLength(spans);
});

it('a background response whose server reports tokens before the end has all of them once, however it continues', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const program = await startProgram();
  const { simulator, client } = program;
  const response = { id: 'resp_1', object: 'response', background: true, model: 'gpt-4o', output: [] };
  const reported = (status: string, input_tokens: number): object => {
    const usage = { input_tokens, output_tokens: 1, total_tokens: input_tokens + 1 };
    return { ...response, status, usage };
  };
  simulator.next({ body: reported('in_progress', 10) });
  await client.responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
  vi.advanceTimersByTime(31 * MINUTE);
  await program.telemetry.provider.forceFlush();
  vi.advanceTimersByTime(MINUTE);
  for (const body of [reported('in_progress', 20), reported('completed', 100)]) {
    simulator.next({ body });
    await client.responses.retrieve('resp_1');
  }
  const statuses = (await program.flushed('chat')).map(
    ({ attributes }) => attributes['gen_ai.response.status'],
  );
  expect(statuses).toEqual(['in_progress', 'completed']);
  expect(usageSum(program.telemetry.spans)).toEqual({ input_tokens: 100, output_tokens: 1 });
  const points = await program.points('gen_ai.client.token.usage');
  expect(points.map(({ sum }) => sum)).toEqual([100, 1]);
});

it('a background response has each hosted tool call once, when that has ended, however it continues', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const { client, simulator, telemetry, ended } = await startProgram();
  const response = { id: 'resp_1', object: 'response', background: true, model: 'gpt-4o' };
  const report = (status: string, ...searches: readonly string[]): void => {
    const output = searches.map((search, index) => ({
      id: `ws_${index}`,
      type: 'web_search_call',
      status: search,
      action: { type: 'search', query: `${search} query` },
    }));
    const usage = status === 'completed' ? { input_tokens: 1, output_tokens: 1, total_tokens: 2 } : null;
    simulator.next({ body: { ...response, status, output, usage } });
  };
  report('queued');
  await client.responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
  report('in_progress', 'completed', 'in_progress');
  vi.advanceTimersByTime(31 * MINUTE);
  await telemetry.provider.forceFlush();
  await pause({ telemetry });
  const searches = (): unknown[] =>
    ended('execute_tool').map(({ attributes }) => [
      attributes['gen_ai.tool.call.id'],
      attributes['openai.tool.outcome'],
    ]);
  expect(searches()).toEqual([['ws_0', undefined]]);
  report('completed', 'completed', 'completed');
  await client.responses.retrieve('resp_1');
  expect(searches()).toEqual([
    ['ws_0', undefined],
    ['ws_1', undefined],
  ]);
});

it('a background response is one span, with its tokens in the totals, although its Conversation is deleted before its end', async () => {
  const program = await startProgram();
  const { conversations, responses } = program.client;
  program.simulator.respond({ output: [{ message: 'x is 1' }], pollsPerStage: 1 });
  const { id: conversation } = await conversations.create();
  const asked = { model: 'gpt-4o-mini', input: 'What is x?', background: true, conversation };
  const { id } = await responses.create(asked);
  await conversations.delete(conversation);
  let { status } = await responses.retrieve(id);
  while (status === 'queued' || status === 'in_progress') ({ status } = await responses.retrieve(id));
  await program.expectTree(`
    conversation                                openai.total.runs=1 openai.total.input_tokens=5
    ├─ POST /conversations
    ├─ chat gpt-4o-mini                         gen_ai.response.status=completed
    └─ DELETE /conversations/{conversation_id}
  `);
});
