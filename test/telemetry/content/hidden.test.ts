import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Completion, recordEvaluation } from '../../../src/client.ts';
import { startTracedProgram } from '../../helpers/program.ts';
import { ask } from '../../support/ask.ts';
import { newFolder } from '../../support/folders.ts';
import { forgetNotices } from '../../support/process-state.ts';
import { recordedText } from '../../support/telemetry.ts';
import { openSession } from '../../support/use-session.ts';
import { CASES, contentOf, record } from './operations.ts';

const INPUTS = new Set([
  'gen_ai.request.stop_sequences',
  'gen_ai.retrieval.query.text',
  'gen_ai.prompt.variable.city',
  'gen_ai.agent.description',
  'gen_ai.system_instructions',
  'gen_ai.input.messages',
  'gen_ai.tool.definitions',
  'gen_ai.tool.call.arguments',
  'openai.trace.input',
]);

// A mistake is reported once in a process.
beforeEach(forgetNotices);
afterEach(() => void vi.unstubAllEnvs());

describe.each(['inputs', 'outputs'] as const)('hideContent: %s', (hideContent) => {
  test.each(CASES)('keeps the other content of $title, on spans, events and for hooks', async (one) => {
    const shown: Completion[] = [];
    const completionHook = (completion: Completion): void => void shown.push(completion);
    for (const config of [{ hideContent }, { hideContent, completionHook }]) {
      const { telemetry } = await record(one, 'SPAN_AND_EVENT', { config });
      const expected = [...one.content].filter((name) => INPUTS.has(name) === (hideContent === 'outputs'));
      expect(Object.keys(contentOf(telemetry.spans, one)).sort()).toEqual(expected.sort());
      expect(Object.keys(contentOf(telemetry.logRecords, one)).sort()).toEqual(expected.sort());
    }
    for (const { inputMessages, outputMessages } of shown)
      expect(hideContent === 'inputs' ? inputMessages : outputMessages).toEqual([]);
  });

  test('withholds all content if it is misspelt, in code or in the variable', async () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_HIDE_CONTENT', 'input');
    for (const given of [undefined, 'output' as 'outputs']) {
      const session = await openSession({ config: { hideContent: given, captureMessageContent: true } });
      await ask(session.client);
      expect(recordedText(session)).not.toContain('messages');
      expect(session.warnings.splice(0).join()).toContain(
        'accepted: none, inputs, outputs. No content is recorded.',
      );
      vi.unstubAllEnvs();
    }
  });

  test('hides the messages of errors, and explanations', async () => {
    const { client, simulator, telemetry } = await startTracedProgram(
      { hideContent, captureMessageContent: 'SPAN_AND_EVENT' },
      { content: true },
    );
    simulator.next({ status: 400, body: { error: { message: 'You said: hidden words' } } });
    await client.embeddings.create({ model: 'e', input: 'x' }).catch(() => undefined);
    const { id } = await ask(client);
    recordEvaluation({ responseId: id, name: 'quality', explanation: 'hidden words' });
    expect(recordedText(telemetry)).not.toContain('hidden words');
    expect(telemetry.spans[0]?.status.code).toBe(2);
  });
});

describe('OTEL_INSTRUMENTATION_OPENAI_MASKING', () => {
  const said = 'Write to me@example.org or +49 30 1234567.';

  test.each([
    ['true', 'Write to [email] or [phone].'],
    ['EMAIL, key', 'Write to [email] or +49 30 1234567.'],
    ['false', said],
  ])('%s masks before the hook of the program', async (value, shown) => {
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', value);
    const seen: string[] = [];
    const completionHook = ({ inputMessages }: Completion): void =>
      void seen.push(JSON.stringify(inputMessages));
    const { client, spans } = await openSession({
      config: { captureMessageContent: 'SPAN_ONLY', completionHook },
    });
    await ask(client, said);
    expect(seen.join()).toContain(shown);
    expect(spans[0]?.attributes['gen_ai.input.messages']).toContain(shown);
  });

  test('with an unknown kind lets no content be recorded, and no hook and no store see it', async () => {
    const folder = await newFolder();
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', 'emial');
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'SPAN_AND_EVENT');
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', folder);
    const completionHook = vi.fn();
    const session = await openSession({ config: { completionHook } });
    await ask(session.client, said);
    await session.provider.forceFlush();
    expect(recordedText(session)).not.toContain('messages');
    expect(completionHook).not.toHaveBeenCalled();
    expect(await readdir(folder)).toEqual([]);
    expect(session.warnings.splice(0).join()).toContain(
      'OTEL_INSTRUMENTATION_OPENAI_MASKING is "emial"; accepted: true, false, lists of email, phone, card, key. No content is recorded.',
    );
  });
});
