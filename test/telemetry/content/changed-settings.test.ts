import { describe, expect, test } from 'vitest';
import type { Completion, OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { observerFor } from '../../../src/pipeline/client-observers.ts';
import { maskingHook } from '../../../src/telemetry/masking/hook.ts';
import { ask } from '../../support/ask.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { recordedText } from '../../support/telemetry.ts';
import { startTutor } from '../../support/tutor.ts';
import { EXCEPTION, RUN, recordsOf } from './operations.ts';

const SPEAKING = { content: true, eventContent: true };

/** A program whose settings change while each of its calls is in progress. */
function startChanging(
  first: OpenAIInstrumentationConfig,
  change: OpenAIInstrumentationConfig,
): Promise<Program> {
  const config = { ...first, cost: false };
  const fetchAfterChange: typeof fetch = (url, init) => {
    observerFor(config).configure({ ...config, ...change });
    return fetch(url, init);
  };
  return startProgram({ ...SPEAKING, config, client: { fetch: fetchAfterChange } });
}

describe.each([
  ['a chat completion', ({ client }: Program) => ask(client), true],
  ['an image', ({ client }: Program) => client.images.generate({ prompt: 'hidden' }), true],
  ['a file', ({ client }: Program) => client.files.retrieve('file_1'), false],
] as const)('the error message of %s', (_, call, hasEvent) => {
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
      const program = await startChanging({ captureMessageContent: first }, { captureMessageContent: later });
      program.simulator.next({ status: 400, body: { error: { message: 'Bad prompt: hidden' } } });
      await expect(call(program)).rejects.toThrow('hidden');
      expect(program.telemetry.spans[0]?.status.message?.includes('hidden') === true).toBe(onSpan);
      const exceptions = recordsOf(program, EXCEPTION).map(({ attributes }) => attributes);
      expect(JSON.stringify(exceptions).includes('hidden')).toBe(onEvent && hasEvent);
    },
  );
});

test.each([
  ['without content', { captureMessageContent: 'NO_CONTENT' }],
  ['with a mask', { completionHook: maskingHook() }],
  ['without outputs', { hideContent: 'outputs' }],
] as const)('a call that ends after a change to settings %s has no output', async (_, change) => {
  const { client, telemetry } = await startChanging({ captureMessageContent: 'SPAN_AND_EVENT' }, change);
  await ask(client);
  expect(telemetry.spans[0]?.attributes).toHaveProperty(['gen_ai.input.messages']);
  expect(recordedText(telemetry)).not.toContain('gen_ai.output.messages');
});

test.each([
  ['NO_CONTENT', 'SPAN_AND_EVENT', false],
  ['SPAN_AND_EVENT', 'SPAN_AND_EVENT', true],
] as const)(
  'the content of a run started with %s and ended with %s is recorded: %s',
  async (first, later, recorded) => {
    const config = { captureMessageContent: first, cost: false };
    const runs = [{ ...RUN, end: 'failed' as const, lastError: { code: 'server_error', message: 'hidden' } }];
    const { create, poll, telemetry } = await startTutor({ ...SPEAKING, runs, config });
    const { id } = await create();
    observerFor(config).configure({ ...config, captureMessageContent: later });
    await poll(id);
    await telemetry.provider.forceFlush();
    const { logRecords } = telemetry;
    const spans = telemetry.spans.filter(({ attributes }) => attributes['openai.run.id'] === id);
    expect(spans.map(({ name }) => name)).toContain('invoke_agent Math Tutor');
    expect(recordedText({ spans, logRecords: [] }).includes('hidden')).toBe(recorded);
    expect(recordedText({ spans: [], logRecords }).includes('hidden')).toBe(recorded);
  },
);

test.each([
  ['a hook', { completionHook: maskingHook({ patterns: { word: /hidden/ } }) }],
  ['without outputs', { hideContent: 'outputs' }],
] as const)('a run started with %s keeps to that if the settings at its end have none', async (_, first) => {
  const config = { captureMessageContent: 'SPAN_AND_EVENT', cost: false } as const;
  const { create, poll, telemetry } = await startTutor({
    ...SPEAKING,
    runs: [RUN],
    config: { ...config, ...first },
  });
  const { id } = await create();
  observerFor({ ...config, ...first }).configure(config);
  await poll(id);
  await telemetry.provider.forceFlush();
  const { logRecords } = telemetry;
  const spans = telemetry.spans.filter(({ attributes }) => attributes['openai.run.id'] === id);
  expect(spans.map(({ name }) => name)).toContain('invoke_agent Math Tutor');
  expect(recordedText({ spans, logRecords: [] })).toContain('gen_ai.input.messages');
  expect(recordedText({ spans, logRecords })).not.toContain('hidden answer');
});

test('no hook sees the content of a run that the program has refused, whatever the settings allow at its end', async () => {
  const seen: string[] = [];
  const completionHook = ({ outputMessages }: Completion): void =>
    void seen.push(...outputMessages.map(String));
  const config = { captureMessageContent: () => 'NO_CONTENT' as const, completionHook, cost: false } as const;
  const { create, poll, telemetry } = await startTutor({ ...SPEAKING, runs: [RUN], config });
  const { id } = await create();
  observerFor(config).configure({ ...config, captureMessageContent: 'SPAN_ONLY' });
  await poll(id);
  await telemetry.provider.forceFlush();
  expect(telemetry.spans.map(({ name }) => name)).toContain('invoke_agent Math Tutor');
  expect(seen).toEqual([]);
});

test.each([
  ['a fixed value', 'SPAN_AND_EVENT'],
  ['another function', () => 'SPAN_AND_EVENT' as const],
] as const)(
  'the content of a run started with %s is not recorded by a function that was not asked',
  async (_, first) => {
    const config = { captureMessageContent: first, cost: false };
    const runs = [{ ...RUN, end: 'failed' as const, lastError: { code: 'server_error', message: 'hidden' } }];
    const { create, poll, telemetry } = await startTutor({ ...SPEAKING, runs, config });
    const { id } = await create();
    const seen: Completion[] = [];
    const completionHook = (completion: Completion): void => void seen.push(completion);
    observerFor(config).configure({ ...config, captureMessageContent: () => 'NO_CONTENT', completionHook });
    await poll(id);
    await telemetry.provider.forceFlush();
    const spans = telemetry.spans.filter(({ attributes }) => attributes['openai.run.id'] === id);
    expect(spans.map(({ name }) => name)).toContain('invoke_agent Math Tutor');
    expect(recordedText({ spans, logRecords: telemetry.logRecords })).not.toContain('hidden');
    expect(seen).toEqual([]);
  },
);
