import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { recordSessionTraces } from '../../../src/client.ts';
import { startAgentProgram } from '../../support/agent-program.ts';

// The tests advance the timers of the package.
vi.mock(import('../../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

const HOUR = 3_600_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

it.each([
  ['within 24 hours, a trace comes below its turn', 23, true],
  ['after 24 hours, a trace stands alone', 25, false],
])('%s', async (_, hours, isKnown) => {
  const program = await startAgentProgram([{ hosted: [{ name: 'agent turn' }] }]);
  const id = await program.inSpan(() => program.converse());
  vi.advanceTimersByTime(hours * HOUR);
  await recordSessionTraces(program.client, id);
  const [hosted] = await program.flushed('hosted turn');
  const [turn] = program.ended('invoke_agent');
  expect(hosted?.parentSpanContext?.spanId).toBe(isKnown ? turn?.spanContext().spanId : undefined);
});
