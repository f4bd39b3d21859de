import OpenAI from 'openai';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type EventOptions, instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { noticed } from '../../src/diagnostics/report.ts';
import { observerFor } from '../../src/pipeline/client-observers.ts';
import { forgetNotices, forgetObservers } from '../support/process-state.ts';
import { type Program, startProgram } from '../support/program.ts';

/** As a handler of requests that creates a client for each. */
function newClient({ simulator }: Program, config: OpenAIInstrumentationConfig): OpenAI {
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
  return instrumentOpenAI(client, config);
}

describe('clients with the same options', () => {
  it('continue what another one began', async () => {
    const program = await startProgram({ runs: [{ steps: [{ message: 'x is 1' }] }] });
    const [first, second] = [newClient(program, { cost: false }), newClient(program, { cost: false })];
    await program.inSpan(async () => {
      const { id: assistant_id } = await first.beta.assistants.create({ model: 'gpt-4o' });
      const { id: thread_id } = await first.beta.threads.create();
      const { id } = await first.beta.threads.runs.create(thread_id, { assistant_id });
      while ((await second.beta.threads.runs.retrieve(id, { thread_id })).status !== 'completed');
    });
    await program.telemetry.provider.forceFlush();
    const runs = program.telemetry.spans.filter(({ name }) => name.startsWith('invoke_agent'));
    expect(runs.map(({ attributes }) => attributes['openai.run.status'])).toEqual(['completed']);
  });
});

/** Everything that the spans of a program carry. */
function recorded({ telemetry }: Program): () => string {
  return () => JSON.stringify(telemetry.spans.map(({ attributes }) => attributes));
}

describe('options are the same', () => {
  const sink = (): void => undefined;

  it.each<[string, OpenAIInstrumentationConfig, OpenAIInstrumentationConfig]>([
    ['without any', {}, {}],
    ['in another order', { cost: false, runTimeout: 5 }, { runTimeout: 5, cost: false }],
    ['with equal lists and objects', { events: { sink } }, { events: { sink } }],
    ['with the same hooks', { requestHook: sink, events: { sink } }, { events: { sink }, requestHook: sink }],
  ])('%s', (_, one, other) => {
    forgetObservers();
    expect(observerFor(one)).toBe(observerFor(other));
  });

  it.each([
    [
      'a name',
      { completionHok: () => undefined },
      /^option completionHok is unknown; did you mean completionHook\?$/,
    ],
    ['a value', { runSteps: 'fetched' }, /^option runSteps is "fetched"; /],
    ['a hook', { completionHook: 'mask' }, /^option completionHook is "mask"; .* No content is recorded\.$/],
  ])('also with a mistake in %s, which is reported once', (_, mistaken, message) => {
    forgetObservers();
    const first = observerFor({});
    forgetNotices();
    for (let times = 0; times < 2; times++)
      expect(observerFor({ ...mistaken } as OpenAIInstrumentationConfig)).toBe(first);
    expect(noticed().map((finding) => finding.message)).toEqual([expect.stringMatching(message)]);
  });

  it.each<[string, OpenAIInstrumentationConfig, OpenAIInstrumentationConfig]>([
    ['with another value', { runTimeout: 5 }, { runTimeout: 6 }],
    ['with one more', { cost: false }, { cost: false, runTimeout: 5 }],
    ['with another function', { events: { sink } }, { events: { sink: () => undefined } }],
  ])('but not %s', (_, one, other) => {
    forgetObservers();
    expect(observerFor(one)).not.toBe(observerFor(other));
  });

  it('but not in another environment', () => {
    forgetObservers();
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'SPAN_ONLY');
    const one = observerFor({ cost: false });
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'NO_CONTENT');
    expect(observerFor({ cost: false })).not.toBe(one);
  });

  it('but not if they were changed in place since', () => {
    forgetObservers();
    const events: EventOptions = { sink, preset: 'full' };
    const one = observerFor({ events });
    Object.assign(events, { preset: 'minimal' });
    expect(observerFor({ events })).not.toBe(one);
  });

  it.each<[string, OpenAIInstrumentationConfig | undefined]>([
    ['without options', undefined],
    ['with the same options object', { cost: false }],
  ])('but not %s if a variable has changed since', async (_, config) => {
    onTestFinished(() => void vi.unstubAllEnvs());
    const program = await startProgram({ content: true, mayLog: true });
    const restored = recorded(program);
    for (const mode of ['SPAN_ONLY', 'NO_CONTENT']) {
      vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', mode);
      const client = new OpenAI({ apiKey: 'test', baseURL: program.simulator.url, maxRetries: 0 });
      const messages = [{ role: 'user', content: `Asked with ${mode}` }] as const;
      await instrumentOpenAI(client, config).chat.completions.create({
        model: 'gpt-4o',
        messages: [...messages],
      });
    }
    expect(restored()).toContain('Asked with SPAN_ONLY');
    expect(restored()).not.toContain('Asked with NO_CONTENT');
  });

  it('but not if the same options object was changed since', () => {
    const config: { cost: false; runTimeout?: number } = { cost: false };
    const one = observerFor(config);
    expect(observerFor(config)).toBe(one);
    config.runTimeout = 5;
    expect(observerFor(config)).not.toBe(one);
  });

  it('but not after 128 others', () => {
    forgetObservers();
    const first = observerFor({ runTimeout: 1 });
    for (let runTimeout = 2; runTimeout <= 129; runTimeout++) observerFor({ runTimeout });
    expect(observerFor({ runTimeout: 1 })).not.toBe(first);
  });
});
