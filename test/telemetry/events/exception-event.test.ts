import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { resolveSettings } from '../../../src/config/config.ts';
import { emitException } from '../../../src/telemetry/events/exception-event.ts';
import { readThrown } from '../../../src/telemetry/outcomes/failure.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { ask } from '../../support/ask.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { recordedText } from '../../support/telemetry.ts';
import { startTutor } from '../../support/tutor.ts';

const NAME = 'gen_ai.client.operation.exception';

function exceptionsOf({ telemetry }: Program): ReadableLogRecord[] {
  return telemetry.logRecords.filter(({ eventName }) => eventName === NAME);
}

/** A program whose chat completion was refused, with a text that echoes the prompt. */
async function refused(
  captureMessageContent: NonNullable<OpenAIInstrumentationConfig['captureMessageContent']>,
): Promise<Program> {
  const program = await startProgram({
    content: captureMessageContent === 'SPAN_ONLY',
    eventContent: captureMessageContent === 'EVENT_ONLY',
    config: { captureMessageContent },
  });
  const error = { message: 'Bad prompt: hidden', code: 'invalid_prompt' };
  program.simulator.next({ status: 400, body: { error } });
  await expect(ask(program.client)).rejects.toThrow(OpenAI.BadRequestError);
  return program;
}

test('an error message is recorded within the limit for a text', async () => {
  const config = { captureMessageContent: 'SPAN_AND_EVENT', maxContentLength: 20 } as const;
  const program = await startProgram({ content: true, config });
  program.simulator.next({ status: 400, body: { error: { message: 'Bad prompt: '.repeat(100) } } });
  await expect(ask(program.client)).rejects.toThrow(OpenAI.BadRequestError);
  const [record] = exceptionsOf(program);
  const shown = [program.telemetry.spans[0]?.status.message, record?.attributes['exception.message']];
  expect(shown).toEqual(['400 Bad prompt: Bad ', '400 Bad prompt: Bad ']);
});

describe('a failed operation has one exception event', () => {
  test('with the error, its place, and severity WARN', async () => {
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

  test('with SPAN_ONLY: the frames of its stack, not its message', async () => {
    const [record] = exceptionsOf(await refused('SPAN_ONLY'));
    expect(record?.attributes).not.toHaveProperty(['exception.message']);
    expect(record?.attributes['exception.stacktrace']).toMatch(/^ {4}at .*:\d+:\d+\)?$/m);
    expect(JSON.stringify(record?.attributes)).not.toMatch(/hidden|Bad prompt/);
  });

  test('with EVENT_ONLY: its message and the whole stack', async () => {
    const [record] = exceptionsOf(await refused('EVENT_ONLY'));
    expect(record?.attributes).toMatchObject({
      'exception.message': '400 Bad prompt: hidden',
      'exception.stacktrace': expect.stringMatching(/^Error: 400 Bad prompt: hidden\n {4}at /),
    });
  });

  test('for unsampled traces too, and once for all attempts', async () => {
    const program = await startProgram({ client: { maxRetries: 1 }, sampler: new AlwaysOffSampler() });
    program.simulator.next({ status: 500, body: {}, headers: { 'retry-after-ms': '1' } });
    program.simulator.next({ status: 500, body: {} });
    await ask(program.client).catch(() => undefined);
    expect(exceptionsOf(program)).toHaveLength(1);
  });

  test('for an error that the API reports in an object: a run, with its error code', async () => {
    const lastError = { code: 'rate_limit_exceeded', message: 'hidden' };
    const program = await startTutor({ runs: [{ end: 'failed', lastError }] });
    await program.inSpan(program.run);
    await program.telemetry.provider.forceFlush();
    expect(exceptionsOf(program).map(({ attributes }) => attributes)).toContainEqual(
      expect.objectContaining({
        'gen_ai.operation.name': 'invoke_agent',
        'exception.type': 'rate_limit_exceeded',
        'openai.thread.id': program.threadId,
        'gen_ai.agent.name': 'Math Tutor',
      }),
    );
    expect(recordedText(program.telemetry)).not.toContain('hidden');
  });
});

describe('an error whose stack was recorded', () => {
  test('shows in it what the program changes afterwards', async () => {
    const program = await startProgram();
    program.simulator.next({ status: 400 });
    const error = await ask(program.client).then(
      () => undefined,
      (thrown: Error) => Object.assign(thrown, { message: 'Changed', name: 'Renamed' }),
    );
    expect(error?.stack).toMatch(/^Renamed: Changed\n {4}at /);
    expect(exceptionsOf(program)[0]?.attributes['exception.stacktrace']).toMatch(/^ {4}at /);
  });

  test('is written as the program wants it, then and later', () => {
    const { prepareStackTrace } = Error;
    onTestFinished(() => {
      Error.prepareStackTrace = prepareStackTrace;
    });
    const own = ({ message }: Error): string => `${message}\n    at mapped (source.ts:1:2)`;
    Error.prepareStackTrace = own;
    const error = new Error('first');
    expect(stackOf(error)).toBe('    at mapped (source.ts:1:2)');
    expect(Error.prepareStackTrace).toBe(own);
    error.message = 'second';
    expect(error.stack).toMatch(/^second\n/);
  });
});

describe('without consent, no message text gets into the stack', () => {
  test.each([
    ['a text with lines', 'one\nhidden two'],
    ['a text that looks like a frame', '    at hidden (/hidden.js:1:1)\n    at hidden (/hidden.js:1:1)'],
    ['an empty text', ''],
  ])('%s', (_, message) => {
    expect(stackOf(new Error(message))).toMatch(/^ {4}at /);
    expect(stackOf(new Error(message))).not.toContain('hidden (');
    expect(stackOf(new Error(message))).not.toContain('hidden two');
  });

  test.each([
    ['one', 'Wrapped'],
    ['a part of it', 'It fails'],
    ['none', ''],
  ])('even if its lines look like frames, and it was changed to %s', (_, message) => {
    const error = withMessage(new Error('It fails:\n    at hidden (/hidden.js:1:1)\nWhy?'), message);
    expect(stackOf(error)).not.toContain('hidden');
    expect(stackOf(error)).toMatch(/^ {4}at /);
  });

  test('even if it ends with lines that look like frames, and was changed', () => {
    const { stackTraceLimit } = Error;
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit;
    });
    Error.stackTraceLimit = 2;
    const error = withMessage(new Error('It fails:\n    at hidden (/hidden.js:1:1)'), 'Wrapped');
    expect(stackOf(error)).not.toContain('hidden');
    expect(String(stackOf(error)).split('\n')).toHaveLength(2);
  });

  test('even if the stack is invalid', () => {
    expect(stackOf(Object.assign(new Error('x'), { stack: 'hidden' }))).toBeUndefined();
    expect(stackOf(Object.assign(new Error('x'), { stack: { hidden: 1 } }))).toBeUndefined();
    expect(stackOf('hidden')).toBeUndefined();
  });
});

describe('with consent, the stack contains nothing of the message that is not recorded', () => {
  const changed = withMessage(new Error('hidden'), 'other');
  const secret = withMessage(new Error('sk-hidden'), 'other');

  test('not even a key', () => {
    expect(stackOf(secret, { captureMessageContent: true })).toMatch(/^Error: sk-REDACTED\n {4}at /);
  });

  test('not even text that a completion hook has not seen', () => {
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

const CHAT = { context: ROOT_CONTEXT, attributes: { 'gen_ai.operation.name': 'chat' }, endTime: 0 };

/** The stack that the event of an error has, by default without consent. */
function stackOf(error: unknown, config: OpenAIInstrumentationConfig = {}): unknown {
  const telemetry = new Telemetry(resolveSettings(config, () => undefined, {}));
  const emitted: { attributes: Record<string, unknown> }[] = [];
  const logger = { emit: (record: object) => void emitted.push(record as (typeof emitted)[number]) };
  telemetry.events.setLoggerProvider({ getLogger: () => logger });
  emitException(telemetry.events, readThrown(error), CHAT, telemetry.settings);
  return emitted[0]?.attributes['exception.stacktrace'];
}

test('an exception that no logger accepts is not read', () => {
  const telemetry = new Telemetry(resolveSettings({}, () => undefined, {}));
  telemetry.events.setLoggerProvider({ getLogger: () => ({ emit: () => undefined, enabled: () => false }) });
  let reads = 0;
  const error = Object.defineProperty(new Error('x'), 'stack', { get: () => reads++ });
  emitException(telemetry.events, { type: 'Error', message: 'x', thrown: error }, CHAT, telemetry.settings);
  expect(reads).toBe(0);
});
