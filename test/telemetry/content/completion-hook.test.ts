import { inspect } from 'node:util';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type {
  Completion,
  CompletionHook,
  OpenAIInstrumentationConfig,
  SinkEvent,
} from '../../../src/client.ts';
import { type Session, startSession } from '../../support/session.ts';
import { DETAILS, EXCEPTION, OPERATIONS, type OperationCase, record } from './operations.ts';

const MODES = ['NO_CONTENT', 'SPAN_ONLY', 'EVENT_ONLY', 'SPAN_AND_EVENT'] as const;
const CHAT = OPERATIONS[0] as OperationCase;

/** The attributes of the chat span and of its event, after one call. */
async function chatWith(
  completionHook: CompletionHook,
  mode: (typeof MODES)[number] = 'SPAN_AND_EVENT',
): Promise<Record<'span' | 'event', Record<string, unknown>>> {
  const { telemetry } = await record(CHAT, mode, { config: { completionHook } });
  const event = telemetry.logRecords.find(({ eventName }) => eventName === DETAILS);
  return { span: telemetry.spans[0]?.attributes ?? {}, event: { ...event?.attributes } };
}

describe.each(MODES)('with %s a hook', (mode) => {
  test.each(OPERATIONS.map((one, index) => ({ ...one, title: `${one.operation} (${index})` })))(
    'receives the content of $title',
    async (one) => {
      const completions: Completion[] = [];
      await record(one, mode, {
        config: { completionHook: (completion) => void completions.push(completion) },
      });
      const told = completions.filter(
        ({ operation }) => operation['gen_ai.operation.name'] === one.operation,
      );
      expect(told.length).toBeGreaterThan(0);
      const said = JSON.stringify(
        told.map(({ operation: _, spanContext: __, caller: ____, attributes: ___, ...content }) => content),
      );
      expect(said).toContain('hidden');
    },
  );

  test('receives it for unsampled traces too', async () => {
    const hook = vi.fn();
    await record(CHAT, mode, { sampler: new AlwaysOffSampler(), config: { completionHook: hook } });
    expect(hook).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        inputMessages: [{ role: 'user', parts: [{ type: 'text', content: 'hidden' }] }],
        parameters: { 'gen_ai.request.stop_sequences': ['hidden'] },
        operation: expect.objectContaining({ 'gen_ai.request.model': 'gpt-4o-mini' }),
      }),
    );
  });
});

test('a hook receives the messages of a request whole, as plain objects', async () => {
  const completions: Completion[] = [];
  const { client } = await startProgramWith((completion) => void completions.push(completion));
  const text = { role: 'user' as const, content: 'Hello' };
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ ...text, name: 'ada' }, text] });
  await client.responses.create({ model: 'gpt-4o', input: [text] });
  const parts = [{ type: 'text', content: 'Hello' }];
  expect(completions.map(({ inputMessages }) => inputMessages)).toStrictEqual([
    [
      { role: 'user', name: 'ada', parts },
      { role: 'user', parts },
    ],
    [{ role: 'user', parts }],
  ]);
  await session.verify();
});

test('a hook receives all messages of a request whole, however many', async () => {
  const completions: Completion[] = [];
  const { client, spans } = await startProgramWith((completion) => void completions.push(completion));
  const messages = Array.from({ length: 40_000 }, (_, index) => ({
    role: 'user' as const,
    content: [{ type: 'text' as const, text: `What is ${index}?` }],
  }));
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  const asked = completions[0]?.inputMessages ?? [];
  expect(asked).toHaveLength(messages.length);
  expect(asked.every((message) => message?.parts?.length === 1)).toBe(true);
  expect(spans[0]?.attributes['gen_ai.input.messages']).toContain('What is 39999?');
  await session.verify();
});

describe('changes of a hook', () => {
  test('are recorded instead of the original content', async () => {
    const { span, event } = await chatWith((completion) => {
      completion.inputMessages = [{ role: 'user', parts: [{ type: 'text', content: 'masked' }] }];
      completion.outputMessages = [];
      completion.toolDefinitions = [];
      completion.parameters = {};
    });
    expect(JSON.parse(String(span['gen_ai.input.messages']))).toEqual(event['gen_ai.input.messages']);
    expect(event['gen_ai.input.messages']).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'masked' }] },
    ]);
    for (const signal of [span, event]) {
      expect(JSON.stringify(signal)).not.toContain('hidden');
      expect(signal).not.toHaveProperty(['gen_ai.output.messages']);
    }
  });

  test('to the attributes are recorded without consent', async () => {
    const hook: CompletionHook = ({ attributes }) => {
      attributes['gen_ai.input.messages_ref'] = 's3://bucket/1';
    };
    expect((await chatWith(hook, 'NO_CONTENT')).span).toMatchObject({
      'gen_ai.input.messages_ref': 's3://bucket/1',
    });
    expect((await chatWith(hook, 'EVENT_ONLY')).event).toMatchObject({
      'gen_ai.input.messages_ref': 's3://bucket/1',
    });
  });

  test('do not affect the objects of the program', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const { client } = await startProgramWith((completion) => {
      for (const list of [completion.toolDefinitions, completion.inputMessages, completion.outputMessages])
        for (const item of list as unknown as Record<string, object>[]) {
          for (const value of Object.values(item)) if (typeof value === 'object') clear(value);
        }
    });
    const completion = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      tools: [{ type: 'function', function: { name: 'f', parameters } }],
    });
    expect(parameters.properties).toEqual({ city: { type: 'string' } });
    expect(completion.choices[0]?.message).toBeDefined();
    await session.verify();
  });

  test('apply to the error message too, wherever it is recorded', async () => {
    const { client, simulator } = await startProgramWith((completion) => {
      completion.errorMessage = completion.errorMessage?.replace('hidden', '***');
    });
    simulator.next({ status: 400, body: { error: { message: 'Bad prompt: hidden' } } });
    await client.chat.completions.create({ model: 'm', messages: [] }).catch(() => undefined);
    expect(session.spans[0]?.status.message).toBe('400 Bad prompt: ***');
    const exception = session.logRecords.at(-1)?.attributes;
    expect(exception).toMatchObject({ 'exception.message': '400 Bad prompt: ***' });
    expect(JSON.stringify(exception)).not.toContain('hidden');
    await session.verify();
  });
});

/** Calls of every kind whose span has no content. */
const WITHOUT_CONTENT: readonly (readonly [span: string, call: (client: OpenAI) => Promise<unknown>])[] = [
  ['embeddings m', (client) => client.embeddings.create({ model: 'm', input: 'hidden' })],
  ['POST /images/generations', (client) => client.images.generate({ model: 'm', prompt: 'hidden' })],
  ['POST /moderations', (client) => client.moderations.create({ input: 'hidden' })],
  ['POST /responses/compact', (client) => client.post('/responses/compact', { body: { input: 'hidden' } })],
  ['GET /files/{file_id}', (client) => client.files.retrieve('file_1')],
  ['webhook', (client) => client.webhooks.unwrap('hidden', {}, 'hidden')],
];

/** What is told of the text of one call's error: on the span, in the log, to the sink. */
async function textsOf(
  completionHook: CompletionHook,
  call: (client: OpenAI) => Promise<unknown>,
): Promise<{
  name: string | undefined;
  status: string | undefined;
  logged: unknown;
  told: unknown;
  all: string;
}> {
  const sunk: SinkEvent[] = [];
  const events = { sink: (event: SinkEvent) => void sunk.push(event), preset: 'full' } as const;
  session = await startSession({ config: { captureMessageContent: true, completionHook, events } });
  session.simulator.next({ status: 400, body: { error: { message: 'Bad input: hidden' } } });
  await call(session.client).catch(() => undefined);
  const [span] = session.spans;
  const records = session.logRecords.map(({ attributes }) => attributes);
  return {
    name: span?.name,
    status: span?.status.message,
    logged: records.at(-1)?.['exception.message'],
    told: sunk.find((event) => event.type === 'policy.violation')?.message,
    all: JSON.stringify([span?.attributes, span?.status, span?.events, records, sunk]),
  };
}

describe('a hook that fails', () => {
  test('is reported once, and nothing that it may have left unmasked is recorded', async () => {
    const { client } = await startProgramWith(() => {
      throw new Error('hidden');
    });
    for (let count = 0; count < 2; count++)
      await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hidden' }] });
    expect(session.warnings.splice(0)).toEqual([
      expect.stringMatching(/the completionHook failed.*: Error\n/s),
    ]);
    expect(JSON.stringify(session.spans.map(({ attributes }) => attributes))).not.toContain('hidden');
    expect(JSON.stringify(session.logRecords.map(({ attributes }) => attributes))).not.toContain('hidden');
    expect(session.logRecords).toHaveLength(2);
    await session.verify();
  });

  describe('with defaults of the program for inspection,', () => {
    const defaults = { ...inspect.defaultOptions };
    afterEach(() => {
      inspect.defaultOptions = defaults;
    });

    test('in an async function, before it awaits, loses the content', async () => {
      inspect.defaultOptions = { colors: true };
      const { client } = await startProgramWith(async () => {
        throw new Error('broken');
      });
      await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hidden' }] });
      await session.provider.forceFlush();
      expect(JSON.stringify(session.spans.map(({ attributes }) => attributes))).not.toContain('hidden');
    });
  });

  test('in no way runs code of what an async hook returns', async () => {
    const custom = vi.fn(() => {
      throw new Error('broken');
    });
    const { client } = await startProgramWith(async () => ({ [inspect.custom]: custom }));
    await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
    expect(custom).not.toHaveBeenCalled();
    expect(session.spans[0]?.attributes).toHaveProperty(['gen_ai.input.messages']);
  });

  test.each<[string, unknown]>([
    ['an error', new TypeError('hidden')],
    ['an object', { hidden: { hidden: 'hidden' } }],
    ['nothing', undefined],
  ])(
    'in an async function, before it awaits, with %s, loses the content of that operation',
    async (_, thrown) => {
      const { client } = await startProgramWith(async ({ operation }) => {
        if (operation['gen_ai.request.model'] === 'm') throw thrown;
      });
      for (const [model, content] of [
        ['m', 'hidden'],
        ['n', '<rejected>'],
      ] as const)
        await client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
      await session.provider.forceFlush();
      expect(session.warnings.splice(0).join()).not.toContain('hidden');
      const [first, second] = session.spans.map(({ attributes }) => attributes);
      expect(first).not.toHaveProperty(['gen_ai.input.messages']);
      expect(first).not.toHaveProperty(['gen_ai.output.messages']);
      expect(second?.['gen_ai.input.messages']).toContain('<rejected>');
      expect(session.logRecords.map(({ attributes }) => JSON.stringify(attributes))).toEqual([
        expect.not.stringContaining('hidden'),
        expect.stringContaining('<rejected>'),
      ]);
      await session.verify();
    },
  );

  test('later, in a promise, has no effect', async () => {
    const { client } = await startProgramWith(async () => {
      await undefined;
      throw new TypeError('hidden');
    });
    for (let count = 0; count < 2; count++)
      await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
    await session.provider.forceFlush();
    expect(session.warnings.splice(0).join()).not.toContain('hidden');
    for (const { attributes } of session.spans) expect(attributes).toHaveProperty(['gen_ai.input.messages']);
    await session.verify();
  });

  test('and assigns invalid messages loses them', async () => {
    const { client } = await startProgramWith((completion) => {
      Object.assign(completion, {
        inputMessages: 'x',
        outputMessages: [null],
        toolDefinitions: 5,
        parameters: null,
      });
    });
    await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
    session.warnings.splice(0);
    expect(session.spans[0]?.attributes).not.toHaveProperty(['gen_ai.input.messages']);
    await session.verify();
  });

  test('and sets a content attribute to a text that is no JSON loses nothing else', async () => {
    const types: string[] = [];
    const session = await startSession({
      config: {
        captureMessageContent: 'SPAN_AND_EVENT',
        events: { sink: ({ type }) => void types.push(type), preset: 'full' },
        completionHook({ attributes }) {
          attributes['gen_ai.input.messages'] = 'masked';
        },
      },
    });
    await session.client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
    });
    expect(session.logRecords.map(({ attributes }) => attributes['gen_ai.input.messages'])).toEqual([
      'masked',
    ]);
    expect(types).toContain('model.invoke');
    await expect(session.verify()).rejects.toThrow('gen_ai.input.messages is not valid JSON');
  });
});

test('a hook that leaves a field that cannot be read loses that one alone', async () => {
  const { client } = await startProgramWith((completion) => {
    Object.defineProperty(completion, 'inputMessages', {
      get: () => {
        throw new Error('hidden');
      },
    });
  });
  await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
  session.warnings.splice(0);
  for (const attributes of [session.spans[0]?.attributes, session.logRecords[0]?.attributes]) {
    expect(attributes).toHaveProperty(['gen_ai.output.messages']);
    expect(attributes).not.toHaveProperty(['gen_ai.input.messages']);
  }
  await session.verify();
});

test('a hook may leave parts in any iterable', async () => {
  const { span } = await chatWith((completion) => {
    const parts = new Set([{ type: 'text', content: 'in a set' }]);
    Object.assign(completion, { inputMessages: [{ role: 'user', parts }] });
  });
  expect(span['gen_ai.input.messages']).toContain('in a set');
});

describe('the error message of an operation without content', () => {
  test.each(WITHOUT_CONTENT)('passes through the hook: %s', async (name, call) => {
    const completions: Completion[] = [];
    const seen = await textsOf((completion) => {
      completions.push({ ...completion });
      completion.errorMessage = 'masked';
    }, call);
    expect(completions).toMatchObject([
      { errorMessage: expect.any(String), inputMessages: [], outputMessages: [] },
    ]);
    const logged = name === 'embeddings m' ? 'masked' : undefined;
    const isModelCall = !/files|webhook/.test(name);
    expect(seen).toEqual({
      name,
      status: 'masked',
      logged,
      told: isModelCall ? 'masked' : undefined,
      all: expect.not.stringContaining('hidden'),
    });
    // No more events than without a hook: it has no content.
    expect(session.logRecords.map(({ eventName }) => eventName)).toEqual(
      logged === undefined ? [] : [EXCEPTION],
    );
    await session.verify();
  });

  test.each<[string, CompletionHook]>([
    [
      'throws',
      () => {
        throw new Error('hidden');
      },
    ],
    [
      'leaves unreadable values',
      (completion) => {
        Object.defineProperty(completion, 'errorMessage', {
          get: () => {
            throw new Error('hidden');
          },
        });
      },
    ],
    [
      'adds attributes that cannot be read',
      ({ attributes }) => {
        const get = (): never => {
          throw new Error('hidden');
        };
        Object.defineProperty(attributes, 'x', { enumerable: true, get });
      },
    ],
  ])('is recorded nowhere if the hook %s', async (_, completionHook) => {
    for (const [name, call] of WITHOUT_CONTENT) {
      const seen = await textsOf(completionHook, call);
      const all = expect.not.stringContaining('hidden');
      expect(seen).toEqual({ name, status: undefined, logged: undefined, told: undefined, all });
      session.warnings.splice(0);
      await session.verify();
    }
  });

  test('is read only if there is a hook', async () => {
    const hook = vi.fn();
    session = await startSession({ config: { completionHook: hook } });
    await session.client.embeddings.create({ model: 'm', input: 'hidden' });
    await session.client.files.retrieve('file_1');
    expect(hook).not.toHaveBeenCalled();
    await session.verify();
  });
});

test('a flush of the provider awaits the promise of a hook, a call does not', async () => {
  let finish = (): void => undefined;
  const uploaded = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { client } = await startProgramWith(() => uploaded);
  await client.chat.completions.create({ model: 'm', messages: [] });
  let flushed = false;
  const flush = session.provider.forceFlush().then(() => {
    flushed = true;
  });
  await new Promise(setImmediate);
  expect(flushed).toBe(false);
  finish();
  await flush;
  await session.verify();
});

let session: Session;

async function startProgramWith(
  completionHook: NonNullable<OpenAIInstrumentationConfig['completionHook']>,
): Promise<Session> {
  session = await startSession({ config: { captureMessageContent: true, completionHook } });
  return session;
}

function clear(value: object): void {
  for (const key of Object.keys(value)) delete (value as Record<string, unknown>)[key];
}
