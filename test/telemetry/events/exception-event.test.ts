import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { resolveSettings } from '../../../src/config/config.ts';
import { readFailure } from '../../../src/telemetry/error.ts';
import { emitException } from '../../../src/telemetry/events/exception-event.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { type Program, type ProgramOptions, startProgram } from '../../support/program.ts';
import { startTutor } from '../../support/tutor.ts';

const NAME = 'gen_ai.client.operation.exception';

function exceptionsOf({ telemetry }: Program): ReadableLogRecord[] {
  return telemetry.logRecords.filter(({ eventName }) => eventName === NAME);
}

/** A program whose chat completion was refused, with a text that echoes the prompt. */
async function refused(
  captureMessageContent: NonNullable<OpenAIInstrumentationConfig['captureMessageContent']>,
  options: ProgramOptions = {},
): Promise<Program> {
  const program = await startProgram({
    content: captureMessageContent === 'SPAN_ONLY',
    eventContent: captureMessageContent === 'EVENT_ONLY',
    ...options,
    config: { captureMessageContent },
  });
  const error = { message: 'Bad prompt: hidden', code: 'invalid_prompt' };
  program.simulator.next({ status: 400, body: { error } });
  const call = program.client.chat.completions.create({ model: 'gpt-4o', messages: [] });
  await expect(call).rejects.toThrow(OpenAI.BadRequestError);
  return program;
}

describe('an operation that failed has one record of its exception', () => {
  test('with what it was, where it belongs, and severity WARN', async () => {
    const program = await refused('NO_CONTENT');
    const [record, ...others] = exceptionsOf(program);
    const [span] = program.telemetry.spans;
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      severityNumber: 13,
      severityText: 'WARN',
      hrTime: span?.endTime,
      spanContext: { traceId: span?.spanContext().traceId, spanId: span?.spanContext().spanId },
      attributes: {
        'error.type': 'invalid_prompt',
        'exception.type': 'BadRequestError',
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'openai.request.id': expect.any(String),
        'server.address': '127.0.0.1',
      },
    });
  });

  test.each(['NO_CONTENT', 'SPAN_ONLY'] as const)(
    'with %s: the frames of its stack, nothing of its text',
    async (mode) => {
      const [record] = exceptionsOf(await refused(mode));
      expect(record?.attributes).not.toHaveProperty(['exception.message']);
      expect(record?.attributes['exception.stacktrace']).toMatch(/^ {4}at .*:\d+:\d+\)?$/m);
      expect(JSON.stringify(record?.attributes)).not.toMatch(/hidden|Bad prompt/);
    },
  );

  test('with EVENT_ONLY: its text, and the whole of its stack', async () => {
    const [record] = exceptionsOf(await refused('EVENT_ONLY'));
    expect(record?.attributes).toMatchObject({
      'exception.message': '400 Bad prompt: hidden',
      'exception.stacktrace': expect.stringMatching(/^Error: 400 Bad prompt: hidden\n {4}at /),
    });
  });

  test('where the trace is not sampled, too', async () => {
    expect(exceptionsOf(await refused('NO_CONTENT', { sampler: new AlwaysOffSampler() }))).toHaveLength(1);
  });

  test('once for all attempts that were made', async () => {
    const program = await startProgram({ client: { maxRetries: 1 } });
    program.simulator.next({ status: 500, body: {}, headers: { 'retry-after-ms': '1' } });
    program.simulator.next({ status: 500, body: {} });
    await program.client.chat.completions.create({ model: 'm', messages: [] }).catch(() => undefined);
    expect(exceptionsOf(program)).toHaveLength(1);
  });

  test('where the API tells of it in an object: a run, by its code', async () => {
    const lastError = { code: 'rate_limit_exceeded', message: 'hidden' };
    const program = await startTutor({ runs: [{ end: 'failed', lastError }] });
    const { client, threadId, assistantId } = program;
    await program.inSpan(() =>
      client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId }),
    );
    await program.telemetry.provider.forceFlush();
    const run = exceptionsOf(program).find(
      ({ attributes }) => attributes['gen_ai.operation.name'] === 'invoke_agent',
    );
    expect(run?.attributes).toMatchObject({
      'exception.type': 'rate_limit_exceeded',
      'openai.thread.id': threadId,
      'gen_ai.agent.name': 'Math Tutor',
    });
    expect(JSON.stringify(exceptionsOf(program).map(({ attributes }) => attributes))).not.toContain('hidden');
  });
});

test('a call that is no operation of the conventions has none', async () => {
  const program = await startProgram();
  program.simulator.next({ status: 404, body: {} });
  await program.client.files.retrieve('file_1').catch(() => undefined);
  expect(exceptionsOf(program)).toEqual([]);
});

describe('without consent nothing of a text gets into the stack', () => {
  test.each([
    ['a text with lines', 'one\nhidden two'],
    ['a text that looks like a frame', '    at hidden (/hidden.js:1:1)\n    at hidden (/hidden.js:1:1)'],
    ['a text that is all of it', ''],
  ])('%s', (_, message) => {
    expect(stackOf(new Error(message))).toMatch(/^ {4}at /);
    expect(stackOf(new Error(message))).not.toContain('hidden (');
    expect(stackOf(new Error(message))).not.toContain('hidden two');
  });

  test('a text that was changed after the error was made', () => {
    const error = new Error('hidden two');
    error.message = 'other';
    expect(stackOf(error)).not.toContain('hidden two');
  });

  test('a stack that is none', () => {
    expect(stackOf(Object.assign(new Error('x'), { stack: 'hidden' }))).toBeUndefined();
    expect(stackOf(Object.assign(new Error('x'), { stack: { hidden: 1 } }))).toBeUndefined();
    expect(stackOf('hidden')).toBeUndefined();
  });
});

describe('with consent, too, nothing of a text gets into the stack but what is told of it', () => {
  const changed = withMessage(new Error('hidden'), 'other');
  const secret = withMessage(new Error('sk-hidden'), 'other');

  test('no key', () => {
    expect(stackOf(secret, { captureMessageContent: true })).toMatch(/^Error: sk-REDACTED\n {4}at /);
  });

  test('no text that a completion hook has not seen', () => {
    const config = { captureMessageContent: true, completionHook: () => undefined } as const;
    expect(stackOf(changed, { captureMessageContent: true })).toMatch(/^Error: hidden\n {4}at /);
    expect(stackOf(changed, config)).toMatch(/^ {4}at /);
  });
});

/** An error whose stack still begins with another text. */
function withMessage(error: Error, message: string): Error {
  const { stack } = error;
  return Object.assign(error, { message, stack });
}

/** The stack that the event of an error has, by default without consent. */
function stackOf(error: unknown, config: OpenAIInstrumentationConfig = {}): unknown {
  const telemetry = new Telemetry(resolveSettings(config, () => undefined, {}));
  const emitted: { attributes: Record<string, unknown> }[] = [];
  const logger = { emit: (record: object) => void emitted.push(record as (typeof emitted)[number]) };
  telemetry.setLoggerProvider({ getLogger: () => logger });
  const operation = { context: ROOT_CONTEXT, attributes: {}, time: Date.now() };
  emitException(telemetry, readFailure(error), operation);
  return emitted[0]?.attributes['exception.stacktrace'];
}

test('an exception that nobody takes is not even looked at', () => {
  trace.disable();
  context.disable();
  const telemetry = new Telemetry(resolveSettings({}, () => undefined, {}));
  telemetry.setLoggerProvider({ getLogger: () => ({ emit: () => undefined, enabled: () => false }) });
  let reads = 0;
  const error = Object.defineProperty(new Error('x'), 'stack', { get: () => reads++ });
  const failure = { type: 'Error', message: 'x', thrown: error };
  emitException(telemetry, failure, { context: ROOT_CONTEXT, attributes: {}, time: 0 });
  expect(reads).toBe(0);
});
