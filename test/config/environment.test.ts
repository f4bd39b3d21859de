import { OpenAI } from 'openai';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { instrumentOpenAI, traced } from '../../src/client.ts';
import { doctor, OpenAIInstrumentation } from '../../src/index.ts';
import { ask } from '../support/ask.ts';
import { forgetNotices } from '../support/process-state.ts';
import { openSession } from '../support/use-session.ts';

const VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_ENABLED';

beforeEach(forgetNotices);
afterEach(() => vi.unstubAllEnvs());

/** How many spans one call makes. */
async function spansOfACall(): Promise<number> {
  const session = await openSession();
  await ask(session.client);
  session.warnings.splice(0);
  return session.spans.length;
}

describe('switched off by the environment', () => {
  beforeEach(() => vi.stubEnv(VARIABLE, 'False'));

  test('openai is not patched, whatever the program configures', async () => {
    const before = Object.getOwnPropertyDescriptors(OpenAI.prototype);
    const instrumentation = new OpenAIInstrumentation({ enabled: true });
    instrumentation.enable();
    expect(instrumentOpenAI(OpenAI)).toBe(OpenAI);
    expect(Object.getOwnPropertyDescriptors(OpenAI.prototype)).toEqual(before);
    expect(await spansOfACall()).toBe(0);
    instrumentation.disable();
  });

  test('traced functions run without a span', async () => {
    const session = await openSession();
    expect(traced('answer', () => 42)()).toBe(42);
    expect(session.spans).toEqual([]);
    session.warnings.splice(0);
  });

  test('the doctor reports that it is switched off', () => {
    instrumentOpenAI(OpenAI);
    expect(doctor().map(({ code }) => code)).toContain('switched_off');
  });
});

test.each(['0', 'off', 'OFF', 'no', ' No '])('%j switches off, too', async (value) => {
  vi.stubEnv(VARIABLE, value);
  expect(await spansOfACall()).toBe(0);
});

describe('not switched off', () => {
  test.each(['', 'true', 'TRUE', '1', 'on', 'Yes'])('by %j', async (value) => {
    vi.stubEnv(VARIABLE, value);
    expect(await spansOfACall()).toBe(1);
  });

  test('by an unknown value, which is reported', async () => {
    vi.stubEnv(VARIABLE, 'never');
    expect(await spansOfACall()).toBe(1);
    expect(doctor().map(({ message }) => message)).toContain(
      `${VARIABLE} is "never"; accepted: true, false. It is treated as not set.`,
    );
  });
});
