import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenAIInstrumentationConfig, SinkEvent } from '../../../src/client.ts';
import { startProgram } from '../../support/program.ts';
import { OPERATIONS, record } from './operations.ts';

const MESSAGES = [{ role: 'user' as const, content: 'hidden' }];

/** Programs that set up masking, and got it wrong. */
const MALFORMED: readonly (readonly [string, Record<string, unknown>])[] = [
  ['a module instead of its hook', { completionHook: { default: () => undefined } }],
  ['a promise of a hook', { completionHook: Promise.resolve(() => undefined) }],
  ['a misspelt captureMessageContent', { captureMessageContent: 'NONE' }],
];

beforeEach(() => void vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'SPAN_AND_EVENT'));
afterEach(() => vi.unstubAllEnvs());

describe.each(MALFORMED)('with %s, no content is recorded', (_, malformed) => {
  const config = (sink: SinkEvent[]): OpenAIInstrumentationConfig => ({
    captureMessageContent: true,
    events: { sink: (event) => void sink.push(event), preset: 'full' },
    ...malformed,
  });

  test.each(OPERATIONS.map((one, index) => ({ ...one, title: `${one.operation} (${index})` })))(
    'of $title',
    async (one) => {
      const sink: SinkEvent[] = [];
      const { telemetry } = await record(one, 'NO_CONTENT', { config: config(sink) });
      const records = telemetry.logRecords.map(({ attributes }) => attributes);
      const attributes = telemetry.spans.map((span) => [span.name, span.attributes]);
      expect(attributes.length).toBeGreaterThan(0);
      // Names of tools are recorded in every mode.
      expect(JSON.stringify([attributes, records, sink]).replaceAll('get_hidden', '')).not.toContain(
        'hidden',
      );
    },
  );

  test('nor of an error', async () => {
    const sink: SinkEvent[] = [];
    const { client, simulator, telemetry } = await startProgram({ config: config(sink) });
    simulator.next({ status: 400, body: { error: { message: 'Bad input: hidden' } } });
    await client.chat.completions.create({ model: 'm', messages: MESSAGES }).catch(() => undefined);
    const [span] = telemetry.spans;
    expect(span?.status).toEqual({ code: 2 });
    const records = telemetry.logRecords.map(({ attributes }) => attributes);
    expect(JSON.stringify([span?.attributes, records, sink])).not.toContain('hidden');
    await telemetry.provider.forceFlush();
  });
});
