import { inspect } from 'node:util';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Completion, CompletionHook, SinkEvent } from '../../../src/client.ts';
import { ask } from '../../support/ask.ts';
import { type Session, startSession } from '../../support/session.ts';
import { recordedText } from '../../support/telemetry.ts';
import { openSession } from '../../support/use-session.ts';
import {
  CASES,
  DETAILS,
  type Details,
  EXCEPTION,
  OPERATIONS,
  type OperationCase,
  record,
} from './operations.ts';

const CHAT = OPERATIONS[0] as OperationCase;
const INPUT = 'gen_ai.input.messages';

const fail = (): never => {
  throw new Error('hidden');
};

function startWith(completionHook: CompletionHook): Promise<Session> {
  return openSession({ config: { captureMessageContent: true, completionHook } });
}

/** The attributes of the chat span and of its event, after one call. */
async function chatWith(
  completionHook: CompletionHook,
  mode: 'NO_CONTENT' | 'EVENT_ONLY' | 'SPAN_AND_EVENT' = 'SPAN_AND_EVENT',
): Promise<Record<'span' | 'event', Details>> {
  const { telemetry } = await record(CHAT, mode, { config: { completionHook } });
  const event = telemetry.logRecords.find(({ eventName }) => eventName === DETAILS);
  return { span: telemetry.spans[0]?.attributes ?? {}, event: { ...event?.attributes } };
}

describe('without consent, a hook', () => {
  test.each(CASES)('receives the content of $title', async (one) => {
    const told: object[] = [];
    const completionHook: CompletionHook = ({ operation, spanContext, caller, attributes, ...content }) => {
      if (operation['gen_ai.operation.name'] === one.operation) told.push(content);
    };
    await record(one, 'NO_CONTENT', { config: { completionHook } });
    expect(JSON.stringify(told)).toContain('hidden');
  });

  test('receives it for unsampled traces too', async () => {
    const completionHook = vi.fn();
    await record(CHAT, 'NO_CONTENT', { sampler: new AlwaysOffSampler(), config: { completionHook } });
    expect(completionHook).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        inputMessages: [{ role: 'user', parts: [{ type: 'text', content: 'hidden' }] }],
        parameters: { 'gen_ai.request.stop_sequences': ['hidden'] },
        operation: expect.objectContaining({ 'gen_ai.request.model': 'gpt-4o-mini' }),
      }),
    );
  });
});

test('a hook receives all messages of a request whole, however many, as plain objects', async () => {
  const completions: Completion[] = [];
  const { client, spans } = await startWith((completion) => void completions.push(completion));
  const text = { role: 'user' as const, content: 'Hello' };
  await ask(client, '', { messages: [{ ...text, name: 'ada' }, text] });
  await client.responses.create({ model: 'gpt-4o', input: [text] });
  const parts = [{ type: 'text', content: 'Hello' }];
  const plain = { role: 'user', parts };
  expect(completions.map(({ inputMessages }) => inputMessages)).toStrictEqual([
    [{ role: 'user', name: 'ada', parts }, plain],
    [plain],
  ]);
  const messages = Array.from({ length: 40_000 }, (_, index) => ({
    role: 'user' as const,
    content: [{ type: 'text' as const, text: `What is ${index}?` }],
  }));
  await ask(client, '', { messages });
  const asked = completions[2]?.inputMessages ?? [];
  expect(asked).toHaveLength(messages.length);
  expect(asked.every((message) => message?.parts?.length === 1)).toBe(true);
  expect(spans[2]?.attributes[INPUT]).toContain('What is 39999?');
});

describe('changes of a hook', () => {
  test('are recorded instead of the original content', async () => {
    const masked = [{ role: 'user', parts: [{ type: 'text' as const, content: 'masked' }] }];
    const { span, event } = await chatWith((completion) => {
      completion.inputMessages = masked;
      completion.outputMessages = [];
      completion.toolDefinitions = [];
      completion.parameters = {};
    });
    expect(JSON.parse(String(span[INPUT]))).toEqual(masked);
    expect(event[INPUT]).toEqual(masked);
    for (const signal of [span, event]) {
      expect(JSON.stringify(signal)).not.toContain('hidden');
      expect(signal).not.toHaveProperty(['gen_ai.output.messages']);
    }
  });

  test('to the attributes are recorded without consent', async () => {
    const reference = { 'gen_ai.input.messages_ref': 's3://bucket/1' };
    const hook: CompletionHook = ({ attributes }) => void Object.assign(attributes, reference);
    expect((await chatWith(hook, 'NO_CONTENT')).span).toMatchObject(reference);
    expect((await chatWith(hook, 'EVENT_ONLY')).event).toMatchObject(reference);
  });

  test('do not affect the objects of the program', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const { client } = await startWith(({ toolDefinitions, inputMessages, outputMessages }) => {
      for (const item of [toolDefinitions, inputMessages, outputMessages].flat())
        for (const value of Object.values(item as object) as Record<string, unknown>[])
          if (typeof value === 'object') for (const key of Object.keys(value)) delete value[key];
    });
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters } }];
    const completion = await ask(client, 'Hello', { tools });
    expect(parameters.properties).toEqual({ city: { type: 'string' } });
    expect(completion.choices[0]?.message).toBeDefined();
  });

  test('apply to the error message too, wherever it is recorded', async () => {
    const session = await startWith((completion) => {
      completion.errorMessage = completion.errorMessage?.replace('hidden', '***');
    });
    session.simulator.next({ status: 400, body: { error: { message: 'Bad prompt: hidden' } } });
    await ask(session.client).catch(() => undefined);
    expect(session.spans[0]?.status.message).toBe('400 Bad prompt: ***');
    const exception = session.logRecords.at(-1)?.attributes;
    expect(exception).toMatchObject({ 'exception.message': '400 Bad prompt: ***' });
    expect(recordedText(session)).not.toContain('hidden');
  });
});

describe('a hook that fails', () => {
  afterEach(() => {
    inspect.defaultOptions = { colors: false };
  });

  test('is reported once, and nothing that it may have left unmasked is recorded', async () => {
    const session = await startWith(fail);
    for (let count = 0; count < 2; count++) await ask(session.client, 'hidden');
    expect(session.warnings.splice(0)).toEqual([
      expect.stringMatching(/the completionHook failed.*: Error\n/s),
    ]);
    expect(recordedText(session)).not.toContain('hidden');
    expect(session.logRecords).toHaveLength(2);
  });

  test('in no way runs code of what an async hook returns', async () => {
    const custom = vi.fn(fail);
    const { client, spans } = await startWith(async () => ({ [inspect.custom]: custom }));
    await ask(client);
    expect(custom).not.toHaveBeenCalled();
    expect(spans[0]?.attributes).toHaveProperty([INPUT]);
  });

  test.each<[string, unknown]>([
    ['an error', new TypeError('hidden')],
    ['an object', { hidden: { hidden: 'hidden' } }],
    ['nothing', undefined],
  ])('before it awaits, with %s, loses the content of that operation', async (_, thrown) => {
    // A program may change how values are shown.
    inspect.defaultOptions = { colors: true };
    const session = await startWith(async ({ operation }) => {
      if (operation['gen_ai.request.model'] === 'm') throw thrown;
    });
    await ask(session.client, 'hidden', { model: 'm' });
    await ask(session.client, '<rejected>');
    await session.provider.forceFlush();
    expect(session.warnings.splice(0).join()).not.toContain('hidden');
    const [first, second] = session.spans.map(({ attributes }) => attributes);
    expect(first).not.toHaveProperty([INPUT]);
    expect(first).not.toHaveProperty(['gen_ai.output.messages']);
    expect(second?.[INPUT]).toContain('<rejected>');
    expect(session.logRecords.map(({ attributes }) => JSON.stringify(attributes))).toEqual([
      expect.not.stringContaining('hidden'),
      expect.stringContaining('<rejected>'),
    ]);
  });

  test('later, in a promise, has no effect', async () => {
    const { client, provider, spans, warnings } = await startWith(async () => {
      await undefined;
      fail();
    });
    for (let count = 0; count < 2; count++) await ask(client);
    await provider.forceFlush();
    expect(warnings.splice(0).join()).not.toContain('hidden');
    for (const { attributes } of spans) expect(attributes).toHaveProperty([INPUT]);
  });

  test('and assigns invalid messages loses them', async () => {
    const { client, spans, warnings } = await startWith((completion) => {
      const invalid = { inputMessages: 'x', outputMessages: [null], toolDefinitions: 5, parameters: null };
      Object.assign(completion, invalid);
    });
    await ask(client);
    warnings.splice(0);
    expect(spans[0]?.attributes).not.toHaveProperty([INPUT]);
  });

  test('and leaves a field that cannot be read loses that one alone', async () => {
    const { client, logRecords, spans, warnings } = await startWith(
      (completion) => void Object.defineProperty(completion, 'inputMessages', { get: fail }),
    );
    await ask(client);
    warnings.splice(0);
    for (const attributes of [spans[0]?.attributes, logRecords[0]?.attributes]) {
      expect(attributes).toHaveProperty(['gen_ai.output.messages']);
      expect(attributes).not.toHaveProperty([INPUT]);
    }
  });

  test('and sets a content attribute to a text that is no JSON loses nothing else', async () => {
    const types: string[] = [];
    const session = await startSession({
      config: {
        captureMessageContent: 'SPAN_AND_EVENT',
        events: { sink: ({ type }) => void types.push(type), preset: 'full' },
        completionHook: ({ attributes }) => void Object.assign(attributes, { [INPUT]: 'masked' }),
      },
    });
    await ask(session.client);
    expect(session.logRecords.map(({ attributes }) => attributes[INPUT])).toEqual(['masked']);
    expect(types).toContain('model.invoke');
    await expect(session.verify()).rejects.toThrow('gen_ai.input.messages is not valid JSON');
  });
});

test('a hook may leave parts in any iterable', async () => {
  const { span } = await chatWith((completion) => {
    const parts = new Set([{ type: 'text', content: 'in a set' }]);
    Object.assign(completion, { inputMessages: [{ role: 'user', parts }] });
  });
  expect(span[INPUT]).toContain('in a set');
});

/** Calls of every kind whose span has no content. */
const WITHOUT_CONTENT: readonly (readonly [span: string, call: (client: OpenAI) => Promise<unknown>])[] = [
  ['embeddings m', (client) => client.embeddings.create({ model: 'm', input: 'hidden' })],
  ['POST /videos', (client) => client.videos.create({ model: 'sora-2', prompt: 'hidden' })],
  ['GET /files/{file_id}', (client) => client.files.retrieve('file_1')],
  ['webhook', (client) => client.webhooks.unwrap('hidden', {}, 'hidden')],
];

describe('the error message of an operation without content', () => {
  /** What is told of the text of one call's error: on the span, in the log, to the sink. */
  async function textsOf(completionHook: CompletionHook, call: (client: OpenAI) => Promise<unknown>) {
    const sunk: SinkEvent[] = [];
    const events = { sink: (event: SinkEvent) => void sunk.push(event), preset: 'full' } as const;
    const session = await openSession({ config: { captureMessageContent: true, completionHook, events } });
    session.simulator.next({ status: 400, body: { error: { message: 'Bad input: hidden' } } });
    await call(session.client).catch(() => undefined);
    session.warnings.splice(0);
    expect(recordedText(session) + JSON.stringify([sunk, session.spans[0]?.events])).not.toContain('hidden');
    const texts = {
      name: session.spans[0]?.name,
      status: session.spans[0]?.status.message,
      logged: session.logRecords.at(-1)?.attributes['exception.message'],
      told: sunk.find((event) => event.type === 'policy.violation')?.message,
    };
    return { session, texts };
  }

  test.each(WITHOUT_CONTENT)('passes through the hook: %s', async (name, call) => {
    const completions: Completion[] = [];
    const { session, texts } = await textsOf((completion) => {
      completions.push({ ...completion });
      completion.errorMessage = 'masked';
    }, call);
    const passed = { errorMessage: expect.any(String), inputMessages: [], outputMessages: [] };
    expect(completions).toMatchObject([passed]);
    const logged = name === 'embeddings m' ? 'masked' : undefined;
    const told = /files|webhook/.test(name) ? undefined : 'masked';
    expect(texts).toEqual({ name, status: 'masked', logged, told });
    // No more events than without a hook: it has no content.
    const events = session.logRecords.map(({ eventName }) => eventName);
    expect(events).toEqual(logged === undefined ? [] : [EXCEPTION]);
  });

  test.each<[string, CompletionHook]>([
    ['throws', fail],
    [
      'leaves unreadable values',
      (completion) => void Object.defineProperty(completion, 'errorMessage', { get: fail }),
    ],
    [
      'adds attributes that cannot be read',
      ({ attributes }) => void Object.defineProperty(attributes, 'x', { enumerable: true, get: fail }),
    ],
  ])('is recorded nowhere if the hook %s', async (_, completionHook) => {
    for (const [name, call] of WITHOUT_CONTENT)
      expect((await textsOf(completionHook, call)).texts).toEqual({ name });
  });

  test('is read only if there is a hook', async () => {
    const completionHook = vi.fn();
    const { client } = await openSession({ config: { completionHook } });
    await client.embeddings.create({ model: 'm', input: 'hidden' });
    await client.files.retrieve('file_1');
    expect(completionHook).not.toHaveBeenCalled();
  });
});

test('a flush of the provider awaits the promise of a hook, a call does not', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { client, provider } = await startWith(() => promise);
  await ask(client);
  const flushed = vi.fn();
  const flush = provider.forceFlush().then(flushed);
  await new Promise(setImmediate);
  expect(flushed).not.toHaveBeenCalled();
  resolve();
  await flush;
});
