import { expect, test, vi } from 'vitest';
import { endAndSend, flushAtProgramEnd } from '../../../src/telemetry/program-end/program-end.ts';
import { listenTo } from '../../../src/telemetry/program-end/provider-life.ts';

test('the events of the process are left alone until there is a provider that can be flushed', () => {
  const { emit } = process;
  flushAtProgramEnd({ getTracer: () => undefined });
  expect(process.emit).toBe(emit);
  flushAtProgramEnd({ forceFlush: async () => undefined });
  expect(process.emit).not.toBe(emit);
});

test.each([
  ['by itself', false],
  ['by a signal', true],
])(
  'a program that ends %s waits two seconds at most, and asks the API only if there is time',
  async (_, bySignal) => {
    const shutdown = vi.fn(() => new Promise<void>(() => undefined));
    const listener = { forceFlush: async () => undefined, shutdown };
    const provider = { forceFlush: async () => undefined };
    listenTo(provider, listener);
    const began = performance.now();
    await endAndSend([provider], bySignal);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(shutdown).toHaveBeenCalledExactlyOnceWith({ reads: !bySignal, readTimeoutMs: 1_500 });
  },
);
