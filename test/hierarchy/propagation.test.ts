import { propagation } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticed } from '../../src/diagnostics/report.ts';
import { follow } from '../support/agent-program.ts';
import { otherProcess } from '../support/other-process.ts';
import { forgetNotices } from '../support/process-state.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startTutor, type Tutor } from '../support/tutor.ts';

/** What processes tell each other of traces, in the format that most programs use. */
function usePropagation(): void {
  beforeEach(() => {
    propagation.disable();
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterEach(() => {
    propagation.disable();
  });
}

const CREATE = 'POST /threads/{thread_id}/runs';
const RETRIEVE = 'GET /threads/{thread_id}/runs/{run_id}';

describe('a run whose metadata contains the trace context', () => {
  usePropagation();
  const handsOn = { config: { propagateInMetadata: true, adoptRuns: true } };

  it('is recorded with its thread by its creator, if the creator waits for it', async () => {
    const { assistantId, ...program } = await startTutor({ runs: [{}], ...handsOn });
    const { client, inSpan } = program;
    await inSpan(async () => {
      const run = await client.beta.threads.createAndRun({
        assistant_id: assistantId,
        thread: { messages: [{ role: 'user', content: 'What is y?' }] },
      });
      await client.beta.threads.runs.poll(run.id, { thread_id: run.thread_id });
    });
    await program.expectTree(`
      program
      ├─ POST /threads/runs                         openai.run.status=queued
      └─ thread                                     openai.total.runs=1 openai.total.user_messages=1
         ├─ invoke_agent Math Tutor                 openai.total.user_messages=1 openai.run.status=completed
         │  └─ chat gpt-4o-mini
         └─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=in_progress
    `);
    expect(await durationCount(program)).toBe(1);
  });

  it('has its input only if that is read, even if its creator adopts it: none of it was kept', async () => {
    for (const [runSteps, input] of [
      ['fetch', expect.stringContaining('What is x?')],
      ['observe', undefined],
    ] as const) {
      const config = { ...handsOn.config, captureMessageContent: 'SPAN_ONLY', runSteps } as const;
      const program = await startTutor({ runs: [{}], config, content: true });
      const { id } = await program.inSpan(program.create);
      await program.inSpan(() => program.poll(id), 'worker');
      const [run] = await program.flushed('invoke_agent');
      expect(run?.attributes['gen_ai.input.messages']).toEqual(input);
      expect(run?.attributes['openai.total.user_messages']).toBe(1);
    }
  });

  it('is recorded once by its creator if it is created as a stream', async () => {
    const program = await startTutor({ runs: [{}], ...handsOn });
    const { inSpan } = program;
    await inSpan(program.stream);
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor
            └─ chat gpt-4o-mini
    `);
  });

  it('leaves no empty thread if it cannot be created', async () => {
    const { assistantId, ...program } = await startTutor({ ...handsOn });
    const { client, simulator } = program;
    simulator.next({ when: { path: '/threads/runs' }, status: 400 });
    await client.beta.threads.createAndRun({ assistant_id: assistantId }).catch(() => undefined);
    await program.expectTree(`
      thread
      └─ POST /threads/runs  !BadRequestError
    `);
  });

  it.each([
    ['with that option alone', { adoptRuns: true }],
    ['with the settings of the creator', handsOn.config],
  ])(
    'is recorded by the worker that adopts it, below its own span and linked to the creation, %s',
    async (_, config) => {
      const { threadId, ...program } = await startTutor({ runs: [{}], ...handsOn });
      const { inSpan } = program;
      const run = await inSpan(program.create);
      const worker = otherProcess(program, config);
      await inSpan(() => worker.beta.threads.runs.poll(run.id, { thread_id: threadId }), 'worker');
      await program.expectTreeAtEnd(`
  program
  └─ thread
     └─ POST /threads/{thread_id}/runs       openai.run.status=queued

  worker
  ├─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=in_progress
  └─ thread                                  openai.total.runs=1
     └─ invoke_agent Math Tutor              openai.run.status=completed
        └─ chat gpt-4o-mini
`);
      expect(program.linked(CREATE)).toEqual([[]]);
      expect(program.linked('invoke_agent Math Tutor')).toEqual([[CREATE]]);
      expect(program.linked(RETRIEVE)).toEqual([[CREATE]]);
    },
  );

  it('is recorded in the trace that created it if the worker has no span', async () => {
    const { threadId, ...program } = await startTutor({ runs: [{}], ...handsOn });
    const { inSpan } = program;
    const run = await inSpan(program.create);
    const worker = otherProcess(program, { adoptRuns: true, conversationIdleTimeout: 0 });
    await worker.beta.threads.runs.poll(run.id, { thread_id: threadId });
    await program.expectTreeAtEnd(`
      program
      └─ thread
         └─ POST /threads/{thread_id}/runs
            └─ thread                            openai.total.runs=1
               └─ invoke_agent Math Tutor
                  └─ chat gpt-4o-mini

      thread                                     openai.total.runs=1
      └─ GET /threads/{thread_id}/runs/{run_id}
    `);
    expect(program.linked('invoke_agent Math Tutor')).toEqual([[]]);
  });

  it('is linked to its creation by processes that only retrieve it', async () => {
    const { threadId, ...program } = await startTutor({ runs: [{}], ...handsOn });
    const { client, inSpan } = program;
    const run = await inSpan(program.create);
    for (const looking of [otherProcess(program, { propagateInMetadata: true }), client])
      await inSpan(() => looking.beta.threads.runs.retrieve(run.id, { thread_id: threadId }), 'status');
    await program.expectTree(`
      program
      └─ thread
         └─ POST /threads/{thread_id}/runs

      status
      └─ GET /threads/{thread_id}/runs/{run_id}

      status
      └─ GET /threads/{thread_id}/runs/{run_id}
    `);
    expect(program.linked(RETRIEVE)).toEqual([[CREATE], [CREATE]]);
  });

  it('is recorded by its creator alone, however others wait for it, if the creator only propagates', async () => {
    const config = { propagateInMetadata: true };
    const { threadId, ...program } = await startTutor({ runs: [{}], config });
    const { client, inSpan } = program;
    const run = await inSpan(program.create);
    const path = { thread_id: threadId };
    for (const adoptRuns of [true, 'polled', 'link'] as const)
      await inSpan(() => otherProcess(program, { adoptRuns }).beta.threads.runs.poll(run.id, path), 'worker');
    // Nor is it recorded by a worker that knows no propagator.
    propagation.disable();
    const blind = otherProcess(program, { adoptRuns: true });
    await inSpan(() => blind.beta.threads.runs.poll(run.id, path), 'worker');
    await inSpan(() => client.beta.threads.runs.retrieve(run.id, path), 'page');
    const recorded = await program.flushed('invoke_agent');
    expect(recorded.map(({ attributes }) => attributes['openai.run.status'])).toEqual(['completed']);
    expect(await durationCount(program)).toBe(1);
  });

  it('is recorded only by a process that drives it', async () => {
    const { threadId, ...program } = await startTutor({ runs: [{}], ...handsOn });
    const { inSpan } = program;
    const run = await inSpan(program.create);
    const path = { thread_id: threadId };
    const poller = otherProcess(program, { adoptRuns: true });
    for (let status = ''; status !== 'completed'; )
      ({ status } = await inSpan(() => poller.beta.threads.runs.retrieve(run.id, path), 'page'));
    expect(await program.flushed('invoke_agent')).toEqual([]);
    expect(await program.points('gen_ai.client.token.usage')).toEqual([]);
    const status = otherProcess(program, { adoptRuns: 'polled' });
    await inSpan(() => status.beta.threads.runs.retrieve(run.id, path), 'page');
    expect(await program.flushed('invoke_agent')).toHaveLength(1);
  });
});

describe('the context of the creation', () => {
  usePropagation();

  const respond = ({ client }: Program) =>
    client.responses.create({ model: 'gpt-4o', input: 'Hi', background: true });
  it.each<
    [
      string,
      (program: Program) => Promise<{ id: string }>,
      (client: OpenAI, id: string) => Promise<unknown>,
      string[],
    ]
  >([
    [
      'a response that is fetched',
      respond,
      ({ responses }, id) => responses.retrieve(id),
      ['fetch_response', 'chat gpt-4o'],
    ],
    [
      'a response whose stream is resumed',
      respond,
      async ({ responses }, id) => Array.fromAsync(await responses.retrieve(id, { stream: true })),
      ['fetch_response', 'chat gpt-4o'],
    ],
    [
      'a session that is retrieved',
      ({ client }) =>
        client.beta.agents.sessions.create({ agent: { model: 'gpt-5' }, environment: { type: 'none' } }),
      ({ beta }, id) => beta.agents.sessions.retrieve(id),
      ['GET /agents/sessions/{session_id}', 'POST /agents/sessions'],
    ],
  ])('links %s by another process', async (_, create, look, [request = '', creation]) => {
    const program = await startProgram({ config: { propagateInMetadata: true } });
    const { id } = await program.inSpan(() => create(program));
    const other = otherProcess(program, { propagateInMetadata: true });
    await program.inSpan(() => look(other, id), 'other');
    await program.inSpan(() => look(program.client, id), 'creator');
    await program.telemetry.provider.shutdown();
    expect(program.linked(request)).toEqual([[creation], [creation]]);
  });

  it('links a background response that a worker adopts, below its own span', async () => {
    const program = await startProgram({ config: { propagateInMetadata: true, adoptRuns: true } });
    const { client, inSpan, simulator } = program;
    // Seconds that are long over: the order of the spans does not hang on when one begins.
    simulator.clock.offset = -10;
    simulator.respond({ output: [{ webSearch: { query: 'weather' } }, { message: 'It is sunny.' }] });
    const response = await inSpan(() =>
      client.responses.create({ model: 'gpt-4o', input: 'Hi', background: true, temperature: 0.5 }),
    );
    const worker = otherProcess(program, { adoptRuns: 'polled' });
    for (const job of ['first', 'second'])
      await inSpan(async () => {
        for (let status: string | undefined = 'queued'; status !== 'completed'; )
          ({ status } = await worker.responses.retrieve(response.id));
      }, job);
    await program.expectTreeAtEnd(`
      program
      └─ chat gpt-4o                gen_ai.response.status=queued gen_ai.request.temperature=0.5

      first
      ├─ chat gpt-4o-*              gen_ai.response.status=completed gen_ai.request.temperature=0.5 gen_ai.usage.input_tokens=*
      ├─ execute_tool web_search
      └─ fetch_response             gen_ai.response.status=in_progress

      second
      └─ fetch_response             gen_ai.response.status=completed
    `);
    expect(program.linked('chat gpt-4o-2024-07-18')).toEqual([['chat gpt-4o']]);
    const measured = async (name: string): Promise<number[]> =>
      (await program.points(name, 'chat')).map(({ count }) => count);
    // That of the request which created it: the server's seconds are no measure.
    expect(await measured('gen_ai.client.operation.duration')).toEqual([1]);
    // Those that went in, and those that came out.
    expect(await measured('gen_ai.client.token.usage')).toEqual([1, 1]);
  });

  it('leaves a background response that was handed on to whoever reads its stream, be it the creator', async () => {
    const config = { propagateInMetadata: true, adoptRuns: true };
    const program = await startProgram({ config });
    const { client, inSpan } = program;
    const create = () => client.responses.create({ model: 'gpt-4o', input: 'Hi', background: true });
    for (const reader of [otherProcess(program, config), client]) {
      const { id } = await inSpan(create);
      await inSpan(() => reader.responses.retrieve(id), 'page');
      await inSpan(async () => {
        for await (const _ of await reader.responses.retrieve(id, { stream: true }));
      }, 'reader');
    }
    await program.telemetry.provider.shutdown();
    expect(statusOfChats(program)).toEqual(['queued', 'completed', 'queued', 'completed']);
    expect(program.linked('chat gpt-4o-2024-07-18')).toEqual([['chat gpt-4o']]);
    // Its creator knows which model it requested.
    expect(program.linked('chat gpt-4o')).toEqual([[], [], ['chat gpt-4o']]);
  });

  it.each([true, false])("leaves turns to the session's creator, retrieved: %s", async (retrieved) => {
    const program = await startProgram({ config: { propagateInMetadata: true, adoptRuns: true } });
    const { client, inSpan } = program;
    const worker = otherProcess(program, { adoptRuns: true });
    await inSpan(async () => {
      const { sessions } = client.beta.agents;
      const environment = { type: 'none' as const };
      const { id } = await sessions.create({ agent: { model: 'gpt-5' }, environment, input: 'Hi' });
      if (retrieved) await worker.beta.agents.sessions.retrieve(id);
      await follow(worker, id);
      await sessions.turns.list(id);
    });
    const turns = await program.flushed('invoke_agent');
    expect(turns.map(({ attributes }) => attributes['openai.run.status'])).toEqual(['completed']);
  });

  it('links a session once that the process which created it retrieves', async () => {
    const program = await startProgram({ config: { propagateInMetadata: true } });
    const { sessions } = program.client.beta.agents;
    const asked = { agent: { model: 'gpt-5' }, environment: { type: 'none' as const }, input: 'Hi' };
    const { id } = await program.inSpan(() => sessions.create(asked));
    await program.inSpan(() => sessions.retrieve(id), 'later');
    await program.telemetry.provider.shutdown();
    expect(program.linked('GET /agents/sessions/{session_id}')).toEqual([['invoke_agent']]);
  });
});

/** The statuses of the responses that were recorded. */
function statusOfChats({ telemetry }: Program): unknown[] {
  const chats = telemetry.spans.filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'chat');
  return chats.map(({ attributes }) => attributes['gen_ai.response.status']);
}

describe('a process with adoptRuns alone that creates something itself', () => {
  usePropagation();
  beforeEach(forgetNotices);

  const MARKED = ['adopts_unmarked'];

  it.each<[string, (tutor: Tutor) => Promise<unknown>, codes: string[], propagateInMetadata?: boolean]>([
    ['a run', ({ create }) => create(), MARKED],
    ['a streamed run', ({ stream }) => stream(), MARKED],
    [
      'a session with a turn',
      ({ client }) =>
        client.beta.agents.sessions.create({
          agent: { model: 'gpt-5' },
          environment: { type: 'none' },
          input: 'Hi',
        }),
      MARKED,
    ],
    [
      'a background response',
      ({ client }) => client.responses.create({ model: 'gpt-4o', input: 'Hi', background: true }),
      MARKED,
    ],
    [
      'not what nobody else could record',
      ({ client }) => client.responses.create({ model: 'gpt-4o', input: 'Hi' }),
      [],
    ],
    ['not a run with both options', ({ create }) => create(), [], true],
  ])('is marked so: %s', async (_, create, codes, propagateInMetadata = false) => {
    await create(await startTutor({ runs: [{}], config: { adoptRuns: true, propagateInMetadata } }));
    expect(noticed().map(({ code }) => code)).toEqual(codes);
  });
});

/** How many invocations were measured. */
async function durationCount(program: Program): Promise<number> {
  const durations = await program.points('gen_ai.client.operation.duration', 'invoke_agent');
  return durations.reduce((sum, { count }) => sum + count, 0);
}
