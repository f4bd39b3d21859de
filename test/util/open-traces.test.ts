import { TraceFlags, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { afterEach, expect, it } from 'vitest';
import { beginIn, openTraces } from '../../src/util/open-traces.ts';
import { type Program, type ProgramOptions, startProgram } from '../support/program.ts';

const STEPS = [{ message: 'x = 1', usage: { prompt: 5, completion: 2 } }];

interface StartedRun extends Program {
  readonly traceId: string;
  /** Asks until the run has ended. */
  poll(): Promise<unknown>;
}

/** A program that has started a run below a span of its own, which has ended. */
async function startRun(options: ProgramOptions = {}): Promise<StartedRun> {
  const program = await startProgram({ runs: [{ steps: STEPS }], ...options });
  const { client } = program;
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
  const { run, traceId } = await program.inSpan(async () => ({
    run: await client.beta.threads.createAndRun({ assistant_id: assistant.id }),
    traceId: trace.getActiveSpan()?.spanContext().traceId ?? '',
  }));
  const poll = (): Promise<unknown> =>
    client.beta.threads.runs.poll(run.id, { thread_id: run.thread_id }, { pollIntervalMs: 1 });
  return { ...program, traceId, poll };
}

afterEach(() => {
  trace.disable();
});

it('a trace is open until its last run has been read and its thread has ended', async () => {
  const { traceId, poll, telemetry } = await startRun();
  expect(openTraces.isOpen(traceId)).toBe(true);
  await poll();
  await telemetry.provider.forceFlush();
  expect(telemetry.openSpans).toEqual([]);
  expect(openTraces.isOpen(traceId)).toBe(false);
});

it('a trace is not open after its run timed out', async () => {
  const { traceId, telemetry } = await startRun();
  expect(openTraces.isOpen(traceId)).toBe(true);
  await telemetry.provider.shutdown();
  expect(openTraces.isOpen(traceId)).toBe(false);
});

it('an unsampled trace is never open', async () => {
  const { traceId } = await startRun({ sampler: new AlwaysOffSampler() });
  expect(traceId).not.toBe('');
  expect(openTraces.isOpen(traceId)).toBe(false);
});

it('a trace that stays open makes way for newer ones', () => {
  const traceIds = Array.from({ length: 10_001 }, (_, index) => index.toString(16).padStart(32, '0'));
  for (const traceId of traceIds)
    beginIn({ traceId, spanId: '1'.repeat(16), traceFlags: TraceFlags.SAMPLED });
  expect([traceIds[0], traceIds[1], traceIds.at(-1)].map((each) => openTraces.isOpen(each ?? ''))).toEqual([
    false,
    true,
    true,
  ]);
});
