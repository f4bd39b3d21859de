import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { environment, follow, startAgentProgram } from '../support/agent-program.ts';
import { functionResults } from '../support/function-results.ts';
import { otherProcess } from '../support/other-process.ts';
import { type Program, startProgram } from '../support/program.ts';
import { millisecondsOf, outsideOfParent } from '../support/times.ts';
import { ASKS_FOR_X, outputsFor, startTutor, type Tutor } from '../support/tutor.ts';

/** Tokens that went in and that came out. How long it took is measured by nobody: the server's seconds are no measure. */
const ADOPTED = { 'gen_ai.client.token.usage': [1, 1] };

/** How often what was measured of runs and turns. */
async function measured({ telemetry }: Program): Promise<Record<string, number[]>> {
  const metrics = (await telemetry.metrics()).map(({ descriptor, dataPoints }): [string, number[]] => [
    descriptor.name,
    dataPoints
      .filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'invoke_agent')
      .map(({ value }) => (value as { count: number }).count),
  ]);
  return Object.fromEntries(metrics.filter(([, counts]) => counts.length > 0));
}

/** A run of another process that waits for the output of its tool, and what a worker answers. */
async function startWaitingRun(): Promise<Tutor & { runId: string; answers: ReturnType<typeof outputsFor> }> {
  const program = await startTutor({ runs: [ASKS_FOR_X] });
  const { assistantId, threadId } = program;
  const run = await program.plain.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
  return { ...program, runId: run.id, answers: outputsFor(run) };
}

describe('a run that another process created', () => {
  it('gets no thread span where only its tool outputs are submitted, below a span', async () => {
    const { runId, answers, ...program } = await startWaitingRun();
    const worker = otherProcess(program, {});
    await program.inSpan(() => worker.beta.threads.runs.submitToolOutputs(runId, answers), 'worker');
    await program.expectTree(`
      worker
      └─ POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs
    `);
  });

  // Nothing tells the worker that the creator is instrumented: that takes `propagateInMetadata`.
  it('is recorded by both if its creator records it, and a worker adopts it all the same', async () => {
    const { threadId, ...program } = await startTutor({ runs: [{}] });
    const run = await program.inSpan(program.create, 'web');
    const worker = otherProcess(program, { adoptRuns: true });
    await program.inSpan(() => worker.beta.threads.runs.poll(run.id, { thread_id: threadId }), 'worker');
    await program.inSpan(() => program.poll(run.id), 'page');
    await program.expectTree(`
      web
      └─ thread
         └─ invoke_agent Math Tutor              openai.run.status=completed
            └─ chat gpt-4o-mini

      worker
      ├─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=in_progress
      └─ thread
         └─ invoke_agent Math Tutor              openai.run.status=completed
            └─ chat gpt-4o-mini

      page
      └─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=completed
    `);
    const page = program.ended('GET /threads/{thread_id}/runs/{run_id}').at(-1);
    const recorded = program.ended('invoke_agent').map((span) => span.spanContext().spanId);
    expect(recorded).toContain(page?.links[0]?.context.spanId);
  });

  it('is recorded once by a process that adopts runs, with the times of the run', async () => {
    const { assistantId, threadId, ...program } = await startTutor({
      runs: [{ steps: [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }] }],
    });
    const run = await program.plain.beta.threads.runs.create(threadId, { assistant_id: assistantId });
    const worker = otherProcess(program, { adoptRuns: true });
    await program.inSpan(() => worker.beta.threads.runs.poll(run.id, { thread_id: threadId }), 'worker');
    await program.inSpan(() => worker.beta.threads.runs.retrieve(run.id, { thread_id: threadId }), 'later');
    await program.expectTree(`
      worker
      ├─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=in_progress
      └─ thread                                  openai.total.runs=1
         └─ invoke_agent Math Tutor              openai.run.status=completed
            ├─ chat gpt-4o-mini
            ├─ execute_tool code_interpreter
            └─ chat gpt-4o-mini

      later
      └─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=completed
    `);
    expect(await measured(program)).toEqual(ADOPTED);
  });

  it('has room for its steps, also if it began and ended in the same second', async () => {
    const script = { steps: [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }] };
    const { assistantId, threadId, ...program } = await startTutor({ runs: [script] });
    program.simulator.clock.stop();
    const asked = { assistant_id: assistantId };
    const run = await program.plain.beta.threads.runs.createAndPoll(threadId, asked);
    const worker = otherProcess(program, { adoptRuns: 'polled' });
    await worker.beta.threads.runs.retrieve(run.id, { thread_id: threadId });
    expect(await program.flushed('execute_tool')).toHaveLength(1);
    await program.telemetry.provider.shutdown();
    expect(outsideOfParent(program.telemetry.spans)).toEqual([]);
  });

  it('begins after the span that it stands below, without spans of threads, too', async () => {
    const { assistantId, threadId, ...program } = await startTutor({ runs: [{}] });
    program.simulator.clock.offset = -60;
    const run = await program.plain.beta.threads.runs.create(threadId, { assistant_id: assistantId });
    program.simulator.clock.offset = 0;
    const worker = otherProcess(program, { adoptRuns: true, conversationSpans: 'never' });
    await program.inSpan(() => worker.beta.threads.runs.poll(run.id, { thread_id: threadId }), 'worker');
    const [recorded] = await program.flushed('invoke_agent');
    const [above] = program.ended('worker');
    expect(millisecondsOf(recorded?.startTime)).toBeGreaterThan(millisecondsOf(above?.startTime));
  });

  it('is recorded when its tool outputs are submitted in a stream', async () => {
    const { runId, answers, ...program } = await startWaitingRun();
    const worker = otherProcess(program, { adoptRuns: true });
    await program.inSpan(
      () => worker.beta.threads.runs.submitToolOutputsStream(runId, answers).finalRun(),
      'worker',
    );
    await program.expectTree(`
      worker
      ├─ POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs
      └─ thread
         └─ invoke_agent Math Tutor                                   openai.run.status=completed
            ├─ chat gpt-4o-mini                                       openai.step.type=tool_calls
            ├─ execute_tool get_x
            └─ chat gpt-4o-mini                                       openai.step.type=message_creation
    `);
    expect(await measured(program)).toEqual(ADOPTED);
  });
});

it.each<[string, (client: OpenAI, sessionId: string) => Promise<unknown>, string]>([
  // The stream reports the agent, too.
  ['follows it', follow, 'invoke_agent Helper'],
  ['lists it', ({ beta }, sessionId) => beta.agents.sessions.turns.list(sessionId), 'invoke_agent'],
])(
  'a turn that another process requested has only its own tokens when it is adopted by a process that %s',
  async (_, look, name) => {
    const { agentId, ...program } = await startAgentProgram([{}]);
    const { sessions } = program.plain.beta.agents;
    const { id } = await sessions.create({ agent_id: agentId, environment, input: 'What is x?' });
    if (look !== follow) while ((await sessions.retrieve(id)).status !== 'idle');
    const worker = otherProcess(program, { adoptRuns: 'polled' });
    await program.inSpan(() => look(worker, id), 'worker');
    await program.expectTree(`
    worker
    └─ session
       └─ ${name}  openai.turn.id=turn_000001 openai.run.status=completed
  `);
    expect(await measured(program)).toEqual(ADOPTED);
  },
);

it('what ended half an hour ago is recorded with its end, and nothing that ended more than an hour ago', async () => {
  const { assistantId, threadId, ...program } = await startTutor({
    runs: [{ end: 'expired' }, { end: 'expired' }, { end: 'incomplete' }, {}],
  });
  const { plain, simulator, telemetry } = program;
  const ids: string[] = [];
  for (const offset of [-1_800, -3_700, -3_700, -3_700]) {
    simulator.clock.offset = offset;
    ids.push((await plain.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId })).id);
  }
  const agent = await plain.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
  const asked = { agent_id: agent.id, environment, input: 'What is x?' };
  const session = await plain.beta.agents.sessions.create(asked);
  while ((await plain.beta.agents.sessions.retrieve(session.id)).status !== 'idle');
  simulator.clock.offset = 0;
  const config = { adoptRuns: 'polled', runSteps: 'observe', conversationSpans: 'never' } as const;
  const { agents, threads } = otherProcess(program, config).beta;
  for (const id of ids) await threads.runs.retrieve(id, { thread_id: threadId });
  await agents.sessions.turns.list(session.id);
  await telemetry.provider.forceFlush();
  const recorded = program.ended('invoke_agent');
  expect(recorded.map(({ attributes }) => attributes['openai.run.id'])).toEqual(ids.slice(0, 1));
  const age = Date.now() - millisecondsOf(recorded[0]?.endTime);
  expect(age).toBeGreaterThan(1_790_000);
});

it('a response that another process created has its functions recorded once, by the process that fetched it and answers them', async () => {
  const program = await startProgram();
  program.simulator.respond(
    { output: [{ function: { name: 'get_x', arguments: {} } }] },
    { output: [{ message: 'x is 1' }] },
  );
  const asked = await program.inSpan(
    () => program.client.responses.create({ model: 'gpt-4o-mini', input: 'What is x?' }),
    'web',
  );
  const [worker, page] = [otherProcess(program, {}), otherProcess(program, {})];
  await program.inSpan(async () => {
    const input = functionResults(await worker.responses.retrieve(asked.id), '1');
    await worker.responses.create({ model: 'gpt-4o-mini', previous_response_id: asked.id, input });
  }, 'worker');
  await program.inSpan(() => page.responses.retrieve(asked.id), 'page');
  await program.expectTree(`
    web
    └─ chat gpt-4o-mini    gen_ai.response.id={asking}

    worker
    ├─ fetch_response      gen_ai.response.id={asking}
    ├─ execute_tool get_x  gen_ai.response.id={asking} gen_ai.tool.call.id={call}
    └─ chat gpt-4o-mini    gen_ai.response.id={answering}

    page
    └─ fetch_response      gen_ai.response.id={asking}
  `);
});
