import { setTimeout as delay } from 'node:timers/promises';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OperationClock } from '../../src/hierarchy/operation-clock.ts';
import { type AgentProgram, environment, startAgentProgram } from '../support/agent-program.ts';
import { responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { millisecondsOf } from '../support/times.ts';
import { ASKS_FOR_X, outputsFor, startTutor, type Tutor } from '../support/tutor.ts';

const JUMPS = [20, 3_600, -3] as const;
/** No request takes less. */
const REQUEST_MS = 0.1;
/** How far a span's clock may lag. */
const LAG_MS = 3;
const TOOL_MS = 20;

let began = 0;
beforeEach(() => {
  began = performance.now();
});
afterEach(() => void vi.restoreAllMocks());

/** The milliseconds since the test began. */
function passed(): number {
  return performance.now() - began + LAG_MS;
}

/** Sets the wall clock of the program, but not that of the server. */
function setClock({ simulator }: Pick<Program, 'simulator'>, seconds: number): void {
  const date = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => date() + seconds * 1e3);
  simulator.clock.offset -= seconds;
}

function seconds({ duration: [whole, rest] }: ReadableSpan): number {
  return whole + rest / 1e9;
}

function named(program: Program, name: string): ReadableSpan {
  const [found] = program.ended(name);
  if (found === undefined) throw new Error(`No span ${name}`);
  return found;
}

/** The longest that was measured of an operation, in seconds. */
async function measured(program: Program, operation: string): Promise<number> {
  const durations = await program.points('gen_ai.client.operation.duration', operation);
  return Math.max(...durations.map(({ max }) => max));
}

/** Checks that an operation lasted as long as it took, and that everything below it stands inside. */
async function expectToLast(program: Program, name: string): Promise<void> {
  await program.telemetry.provider.forceFlush();
  const whole = named(program, name);
  expect(seconds(whole) * 1e3).toBeGreaterThan(REQUEST_MS);
  expect(seconds(whole) * 1e3).toBeLessThan(passed());
  for (const span of program.telemetry.spans) {
    if (span.parentSpanContext?.spanId !== whole.spanContext().spanId) continue;
    expect(millisecondsOf(span.startTime)).toBeGreaterThanOrEqual(millisecondsOf(whole.startTime));
    expect(millisecondsOf(span.endTime)).toBeLessThanOrEqual(millisecondsOf(whole.endTime));
  }
}

describe.each(JUMPS)('while the wall clock is set by %s seconds', (jump) => {
  it.each(['in a span', 'without one'])('a polled run takes as long as it took, %s', async (where) => {
    let polls = 0;
    const tutor: Tutor = await startTutor({
      runs: [{ steps: [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }] }],
      client: {
        fetch: (url, init) => {
          if (/\/runs\/\w+$/.test(String(url)) && ++polls === 1) setClock(tutor, jump);
          return fetch(url, init);
        },
      },
    });
    await (where === 'in a span' ? tutor.inSpan(tutor.run) : tutor.run());
    await expectToLast(tutor, 'invoke_agent');
    expect((await measured(tutor, 'invoke_agent')) * 1e3).toBeLessThan(passed());
  });

  it('a run takes as long as it took in a thread that was used before', async () => {
    const tutor = await startTutor({ runs: [{}] });
    await tutor.inSpan(async () => {
      await tutor.say();
      setClock(tutor, jump);
      await tutor.run();
    });
    await expectToLast(tutor, 'invoke_agent');
  });

  it('a function of a run takes as long as it took, and its run is not given up', async () => {
    const tutor = await startTutor({ runs: [ASKS_FOR_X], config: { conversationIdleTimeout: 20 } });
    await tutor.inSpan(async () => {
      const run = await tutor.run();
      setClock(tutor, jump);
      await tutor.telemetry.provider.forceFlush();
      await tutor.client.beta.threads.runs.submitToolOutputsAndPoll(run.id, outputsFor(run));
    });
    await expectToLast(tutor, 'invoke_agent');
    expect(named(tutor, 'invoke_agent').attributes['openai.run.status']).toBe('completed');
    expect(seconds(named(tutor, 'execute_tool')) * 1e3).toBeLessThan(passed());
  });

  it('a run that is polled for the last time is given up in time', async () => {
    const config = { runTimeout: 200, conversationIdleTimeout: 20 };
    const { inSpan, run, poll, telemetry, ...tutor } = await startTutor({ runs: [ASKS_FOR_X], config });
    await inSpan(async () => {
      const { id } = await run();
      setClock(tutor, jump);
      await poll(id);
    });
    await expect.poll(() => telemetry.openSpans, { timeout: 4_000 }).toEqual([]);
  });

  it('a run that pauses meanwhile has one duration, from creation to end', async () => {
    const config = { runTimeout: 200, conversationIdleTimeout: 20 };
    const tutor = await startTutor({ runs: [ASKS_FOR_X], config });
    const run = await tutor.inSpan(tutor.run);
    await expect.poll(() => tutor.telemetry.openSpans, { timeout: 10_000 }).toEqual([]);
    setClock(tutor, jump);
    await tutor.client.beta.threads.runs.submitToolOutputsAndPoll(run.id, outputsFor(run));
    await tutor.telemetry.provider.forceFlush();
    const duration = await measured(tutor, 'invoke_agent');
    expect(duration).toBeGreaterThan(config.runTimeout / 1e3);
    expect(duration * 1e3).toBeLessThan(passed());
    const { 'openai.tool.waited': waited } = named(tutor, 'execute_tool').attributes;
    expect(waited).toBeGreaterThan(config.runTimeout / 1e3);
    expect(Number(waited) * 1e3).toBeLessThan(passed());
  });

  it('a background response takes as long as it took', async () => {
    const program = await startProgram();
    program.simulator.respond({ output: [{ message: 'x' }] });
    const { responses } = program.client;
    let response = await responses.create({ model: 'gpt-4o-mini', input: 'x?', background: true });
    setClock(program, jump);
    while (response.status !== 'completed') response = await responses.retrieve(response.id);
    await expectToLast(program, 'chat');
    expect((await measured(program, 'chat')) * 1e3).toBeLessThan(passed());
  });

  it('a function of a hand-written loop takes as long as it took', async () => {
    const program = await startProgram();
    const { client, simulator } = program;
    const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'get_x', arguments: '{}' };
    simulator.next({ body: responseBody([call]) });
    simulator.next({ body: responseBody([], { id: 'resp_2' }) });
    const asked = { model: 'gpt-4o-mini', input: 'What is x?' };
    await client.responses.create(asked);
    setClock(program, jump);
    await delay(TOOL_MS);
    const input = [{ type: 'function_call_output', call_id: 'call_1', output: '1' }] as const;
    await client.responses.create({ ...asked, previous_response_id: 'resp_1', input: [...input] });
    await expectToLast(program, 'execute_tool');
    const lasted = seconds(named(program, 'execute_tool')) * 1e3;
    expect(lasted).toBeGreaterThan(TOOL_MS - LAG_MS);
    const [{ max = 0 } = {}] = await program.points('gen_ai.execute_tool.duration');
    expect(max * 1e3).toBeCloseTo(lasted);
  });

  it('a turn takes as long as it took', async () => {
    const program: AgentProgram = await startAgentProgram([{}]);
    const { sessions } = program.client.beta.agents;
    const { agentId: agent_id } = program;
    const { id } = await sessions.create({ agent_id, environment, input: 'x?' });
    setClock(program, jump);
    while ((await sessions.retrieve(id)).status !== 'idle');
    await expectToLast(program, 'invoke_agent');
  });
});

it('the clock of an operation shifts times of the server by what the creation reports', () => {
  const clock = new OperationClock();
  expect(clock.local(5_000, 1)).toBe(1);
  clock.learn(10_000, 400_000);
  clock.learn(20_000, 500_000);
  expect(clock.local(12_000, 1)).toBe(402_000);
});
