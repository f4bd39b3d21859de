import { expect, test } from 'vitest';
import { flushAtProgramEnd } from '../../../src/telemetry/program-end/program-end.ts';

test('the events of the process are left alone until there is a provider that can be flushed', () => {
  const { emit } = process;
  flushAtProgramEnd({ getTracer: () => undefined });
  expect(process.emit).toBe(emit);
  flushAtProgramEnd({ forceFlush: async () => undefined });
  expect(process.emit).not.toBe(emit);
});
