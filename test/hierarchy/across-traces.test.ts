import { describe, expect, it } from 'vitest';
import { withMetadata } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { type AgentProgram, messageEvent, startAgentProgram } from '../support/agent-program.ts';
import { holdRequests } from '../support/hold-requests.ts';
import type { Program } from '../support/program.ts';
import type { SessionOptions } from '../support/session.ts';
import type { RunScript, TurnScript } from '../support/simulator/index.ts';
import { millisecondsOf } from '../support/times.ts';
import { actionsOf, startTutor, type Tutor } from '../support/tutor.ts';

const ASKS: RunScript = {
  steps: [
    { tools: [{ function: { name: 'get_x', arguments: {} } }], usage: { prompt: 14, completion: 9 } },
    { message: 'x is 1', usage: { prompt: 20, completion: 4 } },
  ],
};

/** A run of the tutor's, driven by one request after the other; each server has one trace for each. */
interface Driven extends Tutor {
  runId: string;
  callId: string;
}

type Step = (driven: Driven) => Promise<unknown>;

const startBy =
  (way: 'stream' | 'run'): Step =>
  async (driven) => {
    const run = await driven[way]();
    driven.runId = run.id;
    driven.callId = run.required_action?.submit_tool_outputs.tool_calls[0]?.id ?? '';
  };
const createStream = startBy('stream');
const createAndPoll = startBy('run');

const outputs = ({ threadId, callId }: Driven) => ({
  thread_id: threadId,
  tool_outputs: [{ tool_call_id: callId, output: '1' }],
});

const submit: Step = (driven) =>
  driven.client.beta.threads.runs.submitToolOutputs(driven.runId, outputs(driven));

const submitUnread: Step = (driven) =>
  driven.client.beta.threads.runs.submitToolOutputs(driven.runId, outputs(driven)).asResponse();

const submitStream: Step = (driven) =>
  driven.client.beta.threads.runs.submitToolOutputsStream(driven.runId, outputs(driven)).finalRun();

const submitAndPoll: Step = (driven) =>
  driven.client.beta.threads.runs.submitToolOutputsAndPoll(driven.runId, outputs(driven));

const poll: Step = (driven) => driven.poll(driven.runId);

const list: Step = ({ client, threadId }) => client.beta.threads.runs.list(threadId);

const listSteps: Step = ({ client, runId, threadId }) =>
  client.beta.threads.runs.steps.list(runId, { thread_id: threadId });

const update: Step = ({ client, runId, threadId }) =>
  client.beta.threads.runs.update(runId, { thread_id: threadId, metadata: { seen: 'yes' } });

const cancel: Step = ({ client, runId, threadId }) =>
  client.beta.threads.runs.cancel(runId, { thread_id: threadId });

const failingPoll: Step = async ({ simulator, ...driven }) => {
  simulator.next({ when: { method: 'GET', path: /runs/ }, status: 500 });
  await expect(poll({ simulator, ...driven })).rejects.toThrow('500');
};

async function drive(options: SessionOptions): Promise<Driven> {
  const tutor = await startTutor({ runs: [ASKS], ...options });
  // A step that the server puts into the next second begins after the request that was waiting for it.
  tutor.simulator.clock.stop();
  return Object.assign(tutor, { runId: '', callId: '' });
}

describe('a run whose requests come in separate traces', () => {
  it.each<[string, readonly Step[]]>([
    ['its outputs are streamed', [createStream, submitStream]],
    ['its outputs are streamed after polls', [createAndPoll, submitStream]],
    ['its outputs are submitted, and it is polled', [createAndPoll, submit, poll]],
    ['its outputs are submitted by the helper', [createStream, submitAndPoll]],
    ['its outputs are submitted, and the answer is not read', [createAndPoll, submitUnread, list, poll]],
    ['its end is seen in a list', [createAndPoll, submit, list, list, list, list]],
    ['its steps are listed, and it is updated', [createAndPoll, listSteps, update, submitStream]],
    ['it is cancelled', [createAndPoll, cancel, poll]],
    ['it is polled in vain', [createAndPoll, failingPoll, submit, failingPoll, poll]],
  ])('is recorded as in one trace: %s', async (_, steps) => {
    const recorded = [];
    for (const apart of [false, true]) {
      const driven = await drive({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
      await walk(driven, steps, apart);
      recorded.push(await facts(driven));
    }
    expect(recorded[1]).toEqual(recorded[0]);
  });

  it.each(['all', 'none'] as const)(
    'ends in the stream that submitted its outputs, apiSpans: %s',
    async (apiSpans) => {
      const driven = await drive({ config: { apiSpans, runSteps: 'observe' } });
      await walk(driven, [createStream, submitStream], true);
      await driven.expectTree(`
      request
      └─ thread                      openai.total.runs=1 openai.total.input_tokens=34 openai.total.output_tokens=13
         └─ invoke_agent Math Tutor  openai.run.status=completed openai.total.input_tokens=34 openai.total.output_tokens=13
            ├─ chat gpt-4o-mini      gen_ai.usage.input_tokens=14 gen_ai.usage.output_tokens=9
            ├─ execute_tool get_x
            └─ chat gpt-4o-mini      gen_ai.usage.input_tokens=20 gen_ai.usage.output_tokens=4

      request
      ${apiSpans === 'all' ? '└─ POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs' : ''}
    `);
      const submitted = driven.linked('POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs');
      expect(submitted).toEqual(apiSpans === 'all' ? [['invoke_agent Math Tutor']] : []);
    },
  );

  it('ends in a stream that began before another request adopted it', async () => {
    const { fetch, release } = holdRequests('/submit_tool_outputs', 'unasked');
    const driven = await drive({ config: { adoptRuns: true, apiSpans: 'writes' }, client: { fetch } });
    const { plain, inSpan } = driven;
    const created = { ...driven, ...actionsOf(plain, driven.assistantId, driven.threadId) };
    await createAndPoll(created);
    const { runId, callId } = created;
    const submitted = inSpan(() => submitStream({ ...driven, runId, callId }), 'submitting');
    await inSpan(() => driven.poll(runId), 'looking');
    release();
    await submitted;
    await driven.telemetry.provider.forceFlush();
    const looking = driven.ended('looking')[0]?.spanContext();
    assertSpanTree(
      driven.telemetry.spans.filter((span) => span.spanContext().traceId === looking?.traceId),
      `
        looking
        └─ thread                      openai.total.runs=1
           └─ invoke_agent Math Tutor  openai.run.status=completed
              ├─ chat gpt-4o-mini
              ├─ execute_tool get_x
              └─ chat gpt-4o-mini
      `,
    );
  });

  it('waits for the request that submits its outputs, even if its end is seen before', async () => {
    const { fetch, held, release } = holdRequests('/submit_tool_outputs', 'answered');
    const driven = await drive({ config: { runSteps: 'observe' }, client: { fetch } });
    const { inSpan } = driven;
    await inSpan(() => createAndPoll(driven));
    const submitted = inSpan(() => submit(driven), 'submitting');
    await held;
    await inSpan(async () => {
      await poll(driven);
      await listSteps(driven);
    }, 'looking');
    release();
    await submitted;
    expect(await driven.points('gen_ai.execute_tool.duration')).toMatchObject([{ count: 1 }]);
    // Each request goes by the clock of its own span.
    expect(Math.abs(endOfTool(driven) - startOfSubmit(driven))).toBeLessThan(1);
  });
});

function endOfTool({ telemetry }: Program): number {
  return millisecondsOf(telemetry.spans.find(({ name }) => name === 'execute_tool get_x')?.endTime);
}

function startOfSubmit({ telemetry }: Program): number {
  return millisecondsOf(telemetry.spans.find(({ name }) => name.endsWith('/submit_tool_outputs'))?.startTime);
}

const WAITS: TurnScript = {
  items: [{ functions: [{ name: 'get_x', arguments: {} }] }, { message: 'x is 1' }],
};

type Talk = AgentProgram & { sessionId: string };
type Turn = (talk: Talk) => Promise<unknown>;

const ask: Turn = async (talk) => {
  talk.sessionId = (await talk.create('first')).id;
};

const retrieve: Turn = ({ client, sessionId }) => client.beta.agents.sessions.retrieve(sessionId);

const untilIdle: Turn = async (talk) => {
  const { client, sessionId } = talk;
  while ((await client.beta.agents.sessions.retrieve(sessionId)).status === 'in_progress');
};

const listTurns: Turn = ({ client, sessionId }) => client.beta.agents.sessions.turns.list(sessionId);

/** Interrupts the turn, and says something else. */
const say: Turn = ({ client, sessionId }) => {
  const events = [{ type: 'agent.session.input.cancel' as const }, messageEvent('second')];
  return withMetadata({ userId: 'user-42' }, () =>
    client.beta.agents.sessions.events.create(sessionId, { events }),
  );
};

const sayInVain: Turn = async (talk) => {
  talk.simulator.next({ when: { method: 'POST', path: /events$/ }, status: 429 });
  await expect(say(talk)).rejects.toThrow('429');
};

const answer: Turn = async (talk) =>
  talk.answer(await talk.client.beta.agents.sessions.retrieve(talk.sessionId));

const interrupt: Turn = ({ client, sessionId }) =>
  client.beta.agents.sessions.events.create(sessionId, { events: [{ type: 'agent.session.input.cancel' }] });

const follow: Turn = (talk) => talk.follow(talk.sessionId);

async function talkTo(turns: readonly TurnScript[], options: SessionOptions = {}): Promise<Talk> {
  return Object.assign(await startAgentProgram(turns, options), { sessionId: '' });
}

describe('a turn whose requests come in separate traces', () => {
  it.each(['together', 'apart'])('is not created by a message that was rejected: %s', async (how) => {
    const talk = await talkTo([WAITS, {}]);
    const sayElsewhere: Turn = () => say({ ...talk, client: talk.plain });
    await walk(talk, [ask, untilIdle, listTurns, sayInVain, sayElsewhere, follow], how === 'apart');
    await talk.telemetry.provider.shutdown();
    const turns = talk.ended('invoke_agent Helper');
    expect(turns.map(({ attributes }) => attributes['openai.turn.id'])).toEqual(['turn_000001']);
  });

  it.each<[string, readonly TurnScript[], readonly Turn[]]>([
    ['a message leads to a turn', [WAITS, {}], [ask, untilIdle, say, untilIdle, listTurns]],
    ['a message starts a turn that is followed', [WAITS, {}], [ask, untilIdle, say, follow, listTurns]],
    ['a message is rejected', [{}], [ask, sayInVain, untilIdle, listTurns]],
    ['its function is answered', [WAITS], [ask, retrieve, untilIdle, answer, untilIdle, listTurns]],
    ['its function is answered, and it is followed', [WAITS], [ask, untilIdle, answer, follow]],
    ['it is cancelled', [WAITS], [ask, untilIdle, interrupt, retrieve]],
  ])('is recorded as in one trace: %s', async (_, turns, steps) => {
    const recorded = [];
    for (const apart of [false, true]) {
      const talk = await talkTo(turns, { config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
      await walk(talk, steps, apart);
      recorded.push(await facts(talk));
    }
    expect(recorded[1]).toEqual(recorded[0]);
  });

  it('starts when its message was sent', async () => {
    const talk = await talkTo([WAITS, {}]);
    await walk(talk, [ask, untilIdle, say, untilIdle, listTurns], true);
    await talk.expectTreeAtEnd(`
      request
      └─ session                  openai.total.runs=2 openai.total.user_messages=2 openai.total.input_tokens=200
         └─ invoke_agent Helper   openai.turn.id=turn_000001 openai.run.status=cancelled openai.total.user_messages=1 openai.total.input_tokens=100
            └─ execute_tool get_x

      request

      request
      ├─ POST /agents/sessions/{session_id}/events  user.id=user-42
      └─ session                  openai.total.runs=2 openai.total.user_messages=2 openai.total.input_tokens=200 user.id=user-42
         └─ invoke_agent Helper   openai.turn.id=turn_000002 openai.run.status=completed openai.total.user_messages=1 openai.total.input_tokens=100 user.id=user-42

      request

      request
    `);
    const turns = talk.ended('invoke_agent Helper');
    const [cancelled, answered] = ['cancelled', 'completed'].map((status) =>
      turns.find(({ attributes }) => attributes['openai.run.status'] === status),
    );
    const said = talk.telemetry.spans.find(({ name }) => name.startsWith('POST /agents/sessions/'));
    // Just after its session, which began with the message.
    const [seconds, nanoseconds] = said?.startTime ?? [0, 0];
    expect(answered?.startTime).toEqual([seconds, expect.closeTo(nanoseconds, -4)]);
    expect(said?.links.map(({ context }) => context.spanId)).toEqual([cancelled?.spanContext().spanId]);
  });
});

/** Takes the steps below one span of the program's, or each below one of its own: those have a trace each. */
async function walk<Driving extends Program>(
  program: Driving,
  steps: readonly ((program: Driving) => Promise<unknown>)[],
  apart: boolean,
): Promise<void> {
  const inTurn = async (): Promise<void> => {
    for (const step of steps) await (apart ? program.inSpan(() => step(program), 'request') : step(program));
  };
  await (apart ? inTurn() : program.inSpan(inTurn, 'request'));
}

/** All that is recorded of runs and turns, but for when it was and which requests were part of them. */
async function facts({ telemetry }: Program): Promise<unknown> {
  await telemetry.provider.forceFlush();
  const recorded = ({ attributes }: { attributes: object }): boolean => 'gen_ai.operation.name' in attributes;
  return {
    open: telemetry.openSpans.filter((name) => name.startsWith('invoke_agent')),
    spans: telemetry.spans
      .filter(recorded)
      .map(({ name, status, attributes }) => [name, status, same(attributes)]),
    metrics: (await telemetry.metrics()).map(({ descriptor, dataPoints }) => [
      descriptor.name,
      dataPoints.map(({ attributes, value }) => {
        const { count, sum } = value as { count: number; sum: number };
        return [same(attributes), count, descriptor.unit === 's' ? undefined : sum];
      }),
    ]),
  };
}

function same(attributes: object): unknown {
  const { 'openai.run.poll_count': _, 'server.port': __, ...rest } = attributes as Record<string, unknown>;
  delete rest['gen_ai.response.time_to_first_chunk'];
  delete rest['openai.stream.time_to_first_token'];
  delete rest['openai.stream.chunk_gap_mean'];
  delete rest['openai.stream.chunk_gap_max'];
  return rest;
}
