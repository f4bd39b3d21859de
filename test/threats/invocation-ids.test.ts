import { describe, expect, it } from 'vitest';
import { withMetadata } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Place, twoServers } from './two-servers.ts';

/*
 * The channel: ids of runs, turns and responses. Two users of one process may be given the same, by one server that
 * gives every run the same id or by two servers that count from one: what one user's tools gave must never reach a
 * span of the other.
 */

const CONFIG = { captureMessageContent: 'SPAN_ONLY', runSteps: 'off', cost: false } as const;

const start = (): Promise<Program> => startProgram({ config: CONFIG, content: true });

/** The user whose call it was, the user that its arguments name, and the one that its result names. */
function recorded({ telemetry }: Pick<Program, 'telemetry'>): unknown[] {
  return telemetry.spans
    .filter(({ name }) => name === 'execute_tool get_balance')
    .map(({ attributes }) => [
      attributes['user.id'],
      userIn(attributes['gen_ai.tool.call.arguments']),
      userIn(attributes['gen_ai.tool.call.result']),
    ]);
}

function userIn(content: unknown): string | undefined {
  return /alice|bob/.exec(String(content))?.[0];
}

const RESULTS = [
  ['alice', 'alice', 'alice'],
  ['bob', 'bob', 'bob'],
];

/** A run whose every object the server gives the same id, and that asks for one function. */
function run(user: string, thread: string, status: string): object {
  const call = {
    id: 'call_0',
    type: 'function',
    function: { name: 'get_balance', arguments: `{"account":"${user}"}` },
  };
  const asking = { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls: [call] } };
  return {
    id: 'run_0',
    object: 'thread.run',
    thread_id: thread,
    assistant_id: 'asst_0',
    model: 'gpt-4o-mini',
    status,
    ...(status === 'requires_action' ? { required_action: asking } : {}),
    ...(status === 'completed' ? { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } : {}),
  };
}

const RUNS = /\/runs$/;

async function askRun({ client, server }: Place, user: string, thread: string): Promise<void> {
  server.next({ when: { path: RUNS }, body: run(user, thread, 'requires_action') });
  await withMetadata({ userId: user }, () =>
    client.beta.threads.runs.create(thread, { assistant_id: 'asst_0' }),
  );
}

async function submit({ client, server }: Place, user: string, thread: string): Promise<void> {
  server.next({ when: { path: /submit_tool_outputs$/ }, body: run(user, thread, 'completed') });
  await client.beta.threads.runs.submitToolOutputs('run_0', {
    thread_id: thread,
    tool_outputs: [{ tool_call_id: 'call_0', output: `{"of":"${user}"}` }],
  });
}

async function seeEnd({ client, server }: Place, user: string, thread: string): Promise<void> {
  server.next({ when: { method: 'GET', path: /\/runs\/run_0$/ }, body: run(user, thread, 'completed') });
  await client.beta.threads.runs.retrieve('run_0', { thread_id: thread });
}

describe('a run', () => {
  it('of one thread is not affected by outputs for another thread with the same run id', async () => {
    const { client, simulator: server, telemetry } = await start();
    await askRun({ client, server }, 'alice', 'thread_alice');
    await askRun({ client, server }, 'bob', 'thread_bob');
    await submit({ client, server }, 'alice', 'thread_alice');
    await seeEnd({ client, server }, 'bob', 'thread_bob');
    await telemetry.provider.shutdown();
    expect(recorded({ telemetry })).toEqual([['bob', 'bob', undefined]]);
  });

  it('of one thread does not get the steps of another', async () => {
    const { client, simulator: server, telemetry } = await start();
    await askRun({ client, server }, 'bob', 'thread_bob');
    const tool = {
      id: 'call_0',
      type: 'function',
      function: { name: 'get_balance', arguments: '{"account":"alice"}', output: '{"of":"alice"}' },
    };
    const step = { id: 'step_0', object: 'thread.run.step', type: 'tool_calls', status: 'completed' };
    const details = { type: 'tool_calls', tool_calls: [tool] };
    const data = [{ ...step, run_id: 'run_0', thread_id: 'thread_alice', step_details: details }];
    server.next({ when: { path: /steps/ }, body: { object: 'list', data, has_more: false } });
    await client.beta.threads.runs.steps.list('run_0', { thread_id: 'thread_alice' });
    await seeEnd({ client, server }, 'bob', 'thread_bob');
    await telemetry.provider.shutdown();
    expect(recorded({ telemetry })).toEqual([['bob', 'bob', undefined]]);
  });

  it('gets the outputs sent to its own server, if two servers use the same ids', async () => {
    const { telemetry } = await start();
    const [one, other] = await twoServers(CONFIG);
    await askRun(one, 'alice', 'thread_0');
    await askRun(other, 'bob', 'thread_0');
    await submit(one, 'alice', 'thread_0');
    await submit(other, 'bob', 'thread_0');
    await telemetry.provider.shutdown();
    expect(recorded({ telemetry })).toEqual(RESULTS);
    const traces = telemetry.spans.map((span) => span.spanContext().traceId);
    expect(new Set(traces).size).toBe(2);
  });
});

const THINKS = { model: 'gpt-4o-mini', input: 'Think.', background: true };

function response(user: string, status: string): object {
  const given = { account: user };
  const output = [
    {
      type: 'mcp_call',
      id: 'mcp_0',
      name: 'get_balance',
      arguments: JSON.stringify(given),
      output: `{"of":"${user}"}`,
    },
  ];
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  const ended = status === 'completed' ? { output, usage } : { output: [] };
  return { id: 'resp_0', object: 'response', model: THINKS.model, background: true, status, ...ended };
}

it('a background response is not ended by one with the same id at another server', async () => {
  const { telemetry } = await start();
  const [one, other] = await twoServers(CONFIG);
  one.server.next({ body: response('alice', 'in_progress') });
  await withMetadata({ userId: 'alice' }, () => one.client.responses.create(THINKS));
  other.server.next({ body: response('bob', 'completed') });
  await other.client.responses.retrieve('resp_0');
  expect(recorded({ telemetry })).toEqual([]);
  one.server.next({ body: response('alice', 'completed') });
  await one.client.responses.retrieve('resp_0');
  expect(recorded({ telemetry })).toEqual([RESULTS[0]]);
});

const IDS = { agent_id: 'agent_0', session_id: 'session_0', turn_id: 'turn_0' };
const SESSION = { id: IDS.session_id, object: 'agent.session', agent: { id: IDS.agent_id, name: 'Helper' } };

/** A session whose one turn asks for a function. */
async function askTurn({ client, server }: Place, user: string, session: string): Promise<void> {
  const call = { type: 'function_call', call_id: 'call_0', turn_id: IDS.turn_id, name: 'get_balance' };
  const waiting = {
    ...SESSION,
    id: session,
    status: 'requires_action',
    required_actions: [{ ...call, arguments: `{"account":"${user}"}` }],
  };
  const turn = { id: IDS.turn_id, object: 'agent.session.turn', session_id: session, status: 'waiting' };
  server.next({ when: { path: /sessions$/ }, body: { ...SESSION, id: session, status: 'in_progress' } });
  await withMetadata({ userId: user }, () =>
    client.beta.agents.sessions.create({
      agent_id: IDS.agent_id,
      environment: { type: 'none' },
      input: 'And?',
    }),
  );
  server.next({ when: { path: /turns/ }, body: { object: 'list', data: [turn], has_more: false } });
  await client.beta.agents.sessions.turns.list(session);
  server.next({ when: { method: 'GET' }, body: waiting });
  await client.beta.agents.sessions.retrieve(session);
}

async function answerTurn({ client, server }: Place, user: string, session: string): Promise<void> {
  server.next({ when: { method: 'POST', path: /events$/ }, body: { object: 'list', data: [] } });
  const { turn_id } = IDS;
  const result = { turn_id, call_id: 'call_0', output: `of ${user}`, success: true };
  await client.beta.agents.sessions.events.create(session, {
    events: [{ type: 'agent.session.input.tool_result', ...result }],
  });
}

describe('a turn', () => {
  it('of one session does not get the results of another with the same turn id', async () => {
    const { client, simulator: server, telemetry } = await start();
    await askTurn({ client, server }, 'alice', 'session_alice');
    await askTurn({ client, server }, 'bob', 'session_bob');
    await answerTurn({ client, server }, 'alice', 'session_alice');
    await answerTurn({ client, server }, 'bob', 'session_bob');
    await telemetry.provider.shutdown();
    // The process records the first turn of an id; the second user's call waits for its answer in a turn that nobody has named.
    expect(recorded({ telemetry })).toEqual([RESULTS[0]]);
  });

  it('gets the results sent to its own server, if two servers use the same ids', async () => {
    const { telemetry } = await start();
    const [one, other] = await twoServers(CONFIG);
    await askTurn(one, 'alice', 'session_0');
    await askTurn(other, 'bob', 'session_0');
    await answerTurn(one, 'alice', 'session_0');
    await answerTurn(other, 'bob', 'session_0');
    await telemetry.provider.shutdown();
    expect(recorded({ telemetry })).toEqual(RESULTS);
  });
});
