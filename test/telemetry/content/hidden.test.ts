import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Completion, recordEvaluation } from '../../../src/client.ts';
import { forgetNotices } from '../../../src/diagnostics/report.ts';
import { startTracedProgram } from '../../helpers/program.ts';
import { startSession } from '../../support/session.ts';
import { contentOf, OPERATIONS, record } from './operations.ts';

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

describe.each(['inputs', 'outputs'] as const)('hideContent: %s', (hideContent) => {
  test.each(OPERATIONS.map((one, index) => ({ ...one, title: `${one.operation} (${index})` })))(
    'keeps the other content of $title, on spans, events and for hooks',
    async (one) => {
      const shown: Completion[] = [];
      const withHook = {
        hideContent,
        completionHook: (completion: Completion) => void shown.push(completion),
      };
      for (const config of [{ hideContent }, withHook]) {
        const { telemetry } = await record(one, 'SPAN_AND_EVENT', { config });
        const expected = [...one.content].filter((name) => INPUTS.has(name) === (hideContent === 'outputs'));
        expect(Object.keys(contentOf(telemetry.spans, one)).sort()).toEqual(expected.sort());
        expect(Object.keys(contentOf(telemetry.logRecords, one)).sort()).toEqual(expected.sort());
      }
      for (const { inputMessages, outputMessages } of shown)
        expect(hideContent === 'inputs' ? inputMessages : outputMessages).toEqual([]);
    },
  );

  test('withholds all content if it is misspelt, in code or in the variable', async () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_HIDE_CONTENT', 'input');
    for (const given of [undefined, 'output' as 'outputs']) {
      const session = await startSession({ config: { hideContent: given, captureMessageContent: true } });
      await session.client.chat.completions.create({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: 'hidden' }],
      });
      expect(JSON.stringify(session.spans[0]?.attributes)).not.toContain('messages');
      expect(session.warnings.splice(0).join()).toContain(
        'accepted: none, inputs, outputs. No content is recorded.',
      );
      await session.verify();
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
    const { id } = await client.chat.completions.create({ model: 'gpt-4o', messages: [] });
    recordEvaluation({ responseId: id, name: 'quality', explanation: 'hidden words' });
    const told = [...telemetry.spans, ...telemetry.logRecords].map((one) => [
      one.attributes,
      'status' in one ? one.status : '',
    ]);
    expect(JSON.stringify(told)).not.toContain('hidden words');
    expect(telemetry.spans[0]?.status.code).toBe(2);
  });
});

describe('OTEL_INSTRUMENTATION_OPENAI_MASKING', () => {
  const messages = [{ role: 'user' as const, content: 'Write to me@example.org or +49 30 1234567.' }];

  test.each([
    ['true', 'Write to [email] or [phone].'],
    ['EMAIL, key', 'Write to [email] or +49 30 1234567.'],
    ['false', 'Write to me@example.org or +49 30 1234567.'],
  ])('%s masks before the hook of the program', async (value, said) => {
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', value);
    const seen: string[] = [];
    const session = await startSession({
      config: {
        captureMessageContent: 'SPAN_ONLY',
        completionHook: ({ inputMessages }) => void seen.push(JSON.stringify(inputMessages)),
      },
    });
    await session.client.chat.completions.create({ model: 'gpt-4o', messages });
    vi.unstubAllEnvs();
    expect(seen.join()).toContain(said);
    expect(session.spans[0]?.attributes['gen_ai.input.messages']).toContain(said);
    await session.verify();
  });

  test('with an unknown kind lets no hook and no store see content', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'withheld-'));
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', 'emial');
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', folder);
    const seen: unknown[] = [];
    const session = await startSession({
      config: { completionHook: (completion) => void seen.push(completion) },
    });
    await session.client.chat.completions.create({ model: 'gpt-4o', messages });
    vi.unstubAllEnvs();
    await session.provider.forceFlush();
    expect(seen).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
    session.warnings.splice(0);
    await session.verify();
    await rm(folder, { recursive: true });
  });

  test('with an unknown kind lets no content be recorded', async () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', 'emial');
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'SPAN_AND_EVENT');
    const session = await startSession();
    await session.client.chat.completions.create({ model: 'gpt-4o', messages });
    vi.unstubAllEnvs();
    expect(session.spans[0]?.attributes).not.toHaveProperty('gen_ai.input.messages');
    expect(session.warnings.splice(0).join()).toContain(
      'OTEL_INSTRUMENTATION_OPENAI_MASKING is "emial"; accepted: true, false, lists of email, phone, card, key. No content is recorded.',
    );
    await session.verify();
  });
});
