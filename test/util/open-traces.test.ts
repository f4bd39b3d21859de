import { TraceFlags, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { afterEach, expect, it } from 'vitest';
import { beginIn, openTraces } from '../../src/util/open-traces.ts';
import type { SessionOptions } from '../support/session.ts';
import { startTutor } from '../support/tutor.ts';

/** A program that has started a run below a span of its own, which has ended. */
async function startRun(options: SessionOptions = {}) {
  const tutor = await startTutor({ runs: [{}], ...options });
  const { run, traceId } = await tutor.inSpan(async () => ({
    run: await tutor.create(),
    traceId: trace.getActiveSpan()?.spanContext().traceId ?? '',
  }));
  return { ...tutor, traceId, poll: () => tutor.poll(run.id) };
}

afterEach(() => {
  trace.disable();
});

it('a trace is open until its last run has been read and its thread has ended', async () => {
  const { traceId, poll, telemetry } = await startRun();
  expect(openTraces.isOpen(traceId)).toBe(true);
  await poll();
  await telemetry.provider.forceFlush();
  expect(openTraces.isOpen(traceId)).toBe(false);
});

it('a trace is not open after a shutdown during its run', async () => {
  const { traceId, telemetry } = await startRun();
  expect(openTraces.isOpen(traceId)).toBe(true);
  await telemetry.provider.shutdown();
  expect(openTraces.isOpen(traceId)).toBe(false);
});

it('an unsampled trace is never open', async () => {
  const { traceId } = await startRun({ sampler: new AlwaysOffSampler(), mayLog: true });
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
