import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { observerFor } from '../../../src/pipeline/client-observers.ts';
import { maskingHook } from '../../../src/telemetry/masking/hook.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { startTutor } from '../../support/tutor.ts';
import { RUN } from './operations.ts';

type Mode = NonNullable<OpenAIInstrumentationConfig['captureMessageContent']>;
const EXCEPTION = 'gen_ai.client.operation.exception';

/** A call that fails with a text that echoes the input. While it is in progress, the mode changes. */
async function failing(call: (program: Program) => Promise<unknown>, first: Mode, later: Mode) {
  const config = { captureMessageContent: first, cost: false };
  const program = await startProgram({
    config,
    content: true,
    eventContent: true,
    client: {
      fetch: (url: RequestInfo | URL, init?: RequestInit) => {
        observerFor(config).configure({ ...config, captureMessageContent: later });
        return fetch(url, init);
      },
    },
  });
  program.simulator.next({ status: 400, body: { error: { message: 'Bad prompt: hidden' } } });
  await expect(call(program)).rejects.toThrow('hidden');
  const { spans, logRecords } = program.telemetry;
  const exception = logRecords.find(({ eventName }) => eventName === EXCEPTION);
  return {
    onSpan: spans[0]?.status.message?.includes('hidden') === true,
    onEvent: JSON.stringify(exception?.attributes ?? {}).includes('hidden'),
  };
}

const CALLS = [
  [
    'a chat completion',
    ({ client }: Program) => client.chat.completions.create({ model: 'gpt-4o', messages: [] }),
    true,
  ],
  ['an image', ({ client }: Program) => client.images.generate({ prompt: 'hidden' }), false],
] as const;

describe.each(CALLS)('the error message of %s', (_, call, hasEvent) => {
  test.each([
    ['NO_CONTENT', 'SPAN_AND_EVENT', false, false],
    ['SPAN_ONLY', 'SPAN_AND_EVENT', true, false],
    ['EVENT_ONLY', 'SPAN_AND_EVENT', false, true],
    ['EVENT_ONLY', 'SPAN_ONLY', false, false],
    ['SPAN_AND_EVENT', 'SPAN_AND_EVENT', true, true],
    ['SPAN_AND_EVENT', 'NO_CONTENT', false, false],
  ] as const)(
    'started with %s, ended with %s, is on its span: %s, its event: %s',
    async (first, later, onSpan, onEvent) => {
      expect(await failing(call, first, later)).toEqual({ onSpan, onEvent: onEvent && hasEvent });
    },
  );
});

test.each([
  ['without content', { captureMessageContent: 'NO_CONTENT' }],
  ['with a mask', { completionHook: maskingHook() }],
  ['without outputs', { hideContent: 'outputs' }],
] as const)('a call that ends after a change to settings %s has no output', async (_, change) => {
  const config = { captureMessageContent: 'SPAN_AND_EVENT', cost: false } as const;
  const program = await startProgram({
    config,
    content: true,
    eventContent: true,
    client: {
      fetch: (url: RequestInfo | URL, init?: RequestInit) => {
        observerFor(config).configure({ ...config, ...change });
        return fetch(url, init);
      },
    },
  });
  await program.client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const recorded = [program.telemetry.spans[0], ...program.telemetry.logRecords].map(
    (each) => each?.attributes ?? {},
  );
  expect(recorded[0]).toHaveProperty(['gen_ai.input.messages']);
  expect(recorded.filter((attributes) => 'gen_ai.output.messages' in attributes)).toEqual([]);
});

test.each([
  ['NO_CONTENT', 'SPAN_AND_EVENT', false],
  ['SPAN_AND_EVENT', 'SPAN_AND_EVENT', true],
] as const)(
  'the content of a run started with %s and ended with %s is recorded: %s',
  async (first, later, recorded) => {
    const config = { captureMessageContent: first, cost: false };
    const { client, assistantId, threadId, telemetry } = await startTutor({
      runs: [{ ...RUN, end: 'failed', lastError: { code: 'server_error', message: 'hidden' } }],
      config,
      content: true,
      eventContent: true,
    });
    const run = await client.beta.threads.runs.create(threadId, { assistant_id: assistantId });
    const before = telemetry.spans.length;
    observerFor(config).configure({ ...config, captureMessageContent: later });
    await client.beta.threads.runs.poll(run.id, { thread_id: threadId }, { pollIntervalMs: 1 });
    await telemetry.provider.forceFlush();
    const ended = telemetry.spans.slice(before);
    expect(ended.map(({ name }) => name)).toContain('invoke_agent Math Tutor');
    const own = ended.filter(({ attributes }) => attributes['openai.run.id'] === run.id);
    expect(JSON.stringify(own.map(({ attributes, status }) => [attributes, status])).includes('hidden')).toBe(
      recorded,
    );
    const events = telemetry.logRecords.map(({ attributes }) => attributes);
    expect(JSON.stringify(events).includes('hidden')).toBe(recorded);
  },
);
