import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PendingToolCalls } from '../../src/hierarchy/tool-calls/pending-tool-calls.ts';
import { completionBody, functionCall } from '../support/bodies.ts';
import { startProgram } from '../support/program.ts';

// The tests advance the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

const MINUTE = 60_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('a tool call that is never answered is forgotten after ten minutes, though the process does nothing else', async () => {
  const seen = vi.spyOn(PendingToolCalls.prototype, 'isEmpty', 'get');
  const { client, simulator } = await startProgram();
  simulator.next({ body: completionBody([functionCall('add')]) });
  const tools = [{ type: 'function' as const, function: { name: 'add' } }];
  const messages = [{ role: 'user' as const, content: 'x' }];
  const awaited = async (): Promise<unknown> => {
    seen.mockClear();
    await client.chat.completions.create({ model: 'gpt-4o', messages });
    return seen.mock.results.map(({ value }) => value);
  };
  await client.chat.completions.create({ model: 'gpt-4o', messages, tools });
  expect(await awaited()).toContain(false);
  vi.advanceTimersByTime(11 * MINUTE);
  expect(await awaited()).not.toContain(false);
});

test('a thread without a span around it ends after ten minutes, however busy it is', async () => {
  const { client, ended } = await startProgram();
  const { threads } = client.beta;
  const { id } = await threads.create();
  const useFor = async (minutes: number): Promise<number> => {
    for (let uses = 0; uses < minutes * 3; uses++) {
      await threads.messages.create(id, { role: 'user', content: 'And y?' });
      vi.advanceTimersByTime(MINUTE / 3);
    }
    return ended('thread').length;
  };
  expect(await useFor(9)).toBe(0);
  expect(await useFor(2)).toBe(1);
});
