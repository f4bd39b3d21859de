import type OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { type Session, startSession } from '../support/session.ts';

type Messages = OpenAI.Chat.ChatCompletionMessageParam[];

/** SHA-256 of `hello` and `hello!`. */
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const HELLO_AGAIN = 'ce06092fb948d9ffac7d1a376e404b26b7575bcc11ee05a4615fef4fec3a308b';

const VARIABLE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
const CONTENT = [
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.tool.definitions',
  'gen_ai.request.stop_sequences',
];

let session: Session;
afterEach(async () => {
  vi.unstubAllEnvs();
  await session.verify();
});

async function record(
  config: OpenAIInstrumentationConfig,
  content?: boolean,
  eventContent?: boolean,
): Promise<Session> {
  session = await startSession({
    config,
    ...(content === undefined ? {} : { content }),
    ...(eventContent === undefined ? {} : { eventContent }),
  });
  return session;
}

function contentOf(name: string): unknown {
  const value = session.spans[0]?.attributes[name];
  return typeof value === 'string' ? JSON.parse(value) : value;
}

const TOOL: OpenAI.Chat.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

/** Everything that is content, in one request. */
function ask({ client }: Session): Promise<unknown> {
  return client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello there' },
    ],
    tools: [TOOL],
    tool_choice: 'none',
    stop: 'END',
  });
}

describe('whether content is recorded', () => {
  test.each<[OpenAIInstrumentationConfig, boolean]>([
    [{}, false],
    [{ captureMessageContent: 'NO_CONTENT' }, false],
    [{ captureMessageContent: false }, false],
    [{ captureMessageContent: 'EVENT_ONLY' }, false],
    [{ captureMessageContent: 'SPAN_ONLY' }, true],
    [{ captureMessageContent: 'SPAN_AND_EVENT' }, true],
    [{ captureMessageContent: true }, true],
  ])('with %j content is on the span: %s', async (config, recorded) => {
    await ask(await record(config));
    const attributes = session.spans[0]?.attributes ?? {};
    expect(CONTENT.filter((name) => name in attributes)).toEqual(recorded ? CONTENT : []);
    expect(/brief|Hello|weather|simulated|END/.test(JSON.stringify(attributes))).toBe(recorded);
  });

  test.each([
    ['span_only', true, false],
    ['TRUE', true, true],
    ['Span_And_Event', true, true],
    ['event_only', false, true],
    ['no_content', false, false],
  ])('the environment variable accepts %s', async (value, recorded, onEvent) => {
    vi.stubEnv(VARIABLE, value);
    await ask(await record({}, recorded, onEvent));
    expect(session.logRecords).toHaveLength(onEvent ? 1 : 0);
    expect('gen_ai.input.messages' in (session.spans[0]?.attributes ?? {})).toBe(recorded);
  });

  test('an invalid value is reported with the accepted values', async () => {
    vi.stubEnv(VARIABLE, 'perhaps');
    await ask(await record({}, false));
    await ask(session);
    expect(session.warnings.splice(0)).toEqual([
      expect.stringContaining(`${VARIABLE} is "perhaps"; accepted: NO_CONTENT, SPAN_ONLY`),
    ]);
    expect(contentOf('gen_ai.input.messages')).toBeUndefined();
  });

  test('the option takes precedence over the environment variable', async () => {
    vi.stubEnv(VARIABLE, 'SPAN_ONLY');
    await ask(await record({ captureMessageContent: 'NO_CONTENT' }, false));
    expect(contentOf('gen_ai.input.messages')).toBeUndefined();
  });

  test('an error message is recorded only with consent, because it may quote the request', async () => {
    for (const [captureMessageContent, message] of [
      ['NO_CONTENT', undefined],
      ['SPAN_ONLY', '400 Bad prompt: Hello there'],
    ] as const) {
      await record({ captureMessageContent });
      session.simulator.next({ status: 400, body: { error: { message: 'Bad prompt: Hello there' } } });
      await ask(session).catch(() => undefined);
      expect(session.spans[0]?.status).toEqual({ code: 2, ...(message === undefined ? {} : { message }) });
      if (captureMessageContent === 'NO_CONTENT') await session.verify();
    }
  });
});

describe('recorded content', () => {
  test('includes the definitions of functions as they were before tools', async () => {
    const { client } = await record({ captureMessageContent: true });
    const parameters = { type: 'object', properties: { a: { type: 'number' } } };
    await client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hello' }],
      functions: [{ name: 'add', description: 'Adds.', parameters }],
    });
    expect(contentOf('gen_ai.tool.definitions')).toEqual([
      { type: 'function', name: 'add', description: 'Adds.', parameters },
    ]);
  });

  test('includes messages, tool definitions and stop sequences', async () => {
    await ask(await record({ captureMessageContent: true }));
    expect(CONTENT.map(contentOf)).toEqual([
      [
        { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
        { role: 'user', parts: [{ type: 'text', content: 'Hello there' }] },
      ],
      [
        {
          role: 'assistant',
          parts: [{ type: 'text', content: 'This is a simulated answer.' }],
          finish_reason: 'stop',
        },
      ],
      [
        {
          type: 'function',
          name: 'get_weather',
          description: 'Tells the weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
      ],
      ['END'],
    ]);
  });

  test('includes every form of a message', async () => {
    const messages: Messages = [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Be brief.' },
          { type: 'text', text: 'Be kind.' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          {
            type: 'image_url',
            image_url: { url: 'https://me:secret@images.example/cat.png?size=2&sig=secret' },
          },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,aGVsbG8=' } },
          { type: 'input_audio', input_audio: { data: 'aGVsbG8=', format: 'wav' } },
          { type: 'file', file: { file_id: 'file_1' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGVsbG8h' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } },
          { id: 'call_2', type: 'function', function: { name: 'look', arguments: 'not JSON' } },
          { id: 'call_3', type: 'custom', custom: { name: 'shell', input: 'ls' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'A cat' },
      { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'A dog' }] },
      { role: 'assistant', refusal: 'I would rather not.' },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { role: 'assistant', audio: { id: 'audio_1' } },
      { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } },
    ];
    const { client } = await record({ captureMessageContent: true });
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
    expect(contentOf('gen_ai.input.messages')).toEqual([
      {
        role: 'developer',
        parts: [
          { type: 'text', content: 'Be brief.' },
          { type: 'text', content: 'Be kind.' },
        ],
      },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'What is this?' },
          { type: 'uri', modality: 'image', uri: 'https://images.example/cat.png?size=2&sig=REDACTED' },
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: '', size: 5, sha256: HELLO },
          { type: 'blob', modality: 'audio', mime_type: 'audio/wav', content: '', size: 5, sha256: HELLO },
          { type: 'file', modality: 'document', file_id: 'file_1' },
          {
            type: 'blob',
            modality: 'document',
            mime_type: 'application/pdf',
            content: '',
            size: 6,
            sha256: HELLO_AGAIN,
          },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'tool_call', id: 'call_1', name: 'look', arguments: { at: 'it' } },
          { type: 'tool_call', id: 'call_2', name: 'look', arguments: 'not JSON' },
          { type: 'tool_call', id: 'call_3', name: 'shell', arguments: 'ls' },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'A cat' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_2', response: 'A dog' }] },
      { role: 'assistant', parts: [{ type: 'text', content: 'I would rather not.' }] },
      { role: 'assistant', parts: [{ type: 'text', content: 'No.' }] },
      { role: 'assistant', parts: [{ type: 'file', modality: 'audio', file_id: 'audio_1' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', name: 'look', arguments: {} }] },
    ]);
  });

  test('includes the transcript of a spoken answer, and reasoning', async () => {
    const { client, simulator } = await record({ captureMessageContent: true });
    simulator.next({
      body: {
        id: 'chatcmpl-1',
        model: 'gpt-4o',
        choices: [
          {
            index: 0,
            finish_reason: 'stop',
            message: {
              role: 'assistant',
              content: null,
              reasoning_content: 'They greet me.',
              audio: { id: 'audio_1', data: 'aGVsbG8=', transcript: 'Hello!', expires_at: 1 },
            },
          },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      },
    });
    await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] });
    expect(contentOf('gen_ai.output.messages')).toMatchObject([
      {
        parts: [
          { type: 'reasoning', content: 'They greet me.' },
          { type: 'text', content: 'Hello!' },
          { type: 'blob', modality: 'audio', content: '', size: 5 },
        ],
      },
    ]);
  });

  test.each([false, true])(
    'is one message for each choice, with tool calls (streamed: %s)',
    async (streamed) => {
      const { client } = await record({ captureMessageContent: true });
      const request: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming = {
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Weather?' }],
        tools: [TOOL],
        n: 2,
      };
      if (streamed) {
        for await (const _ of await client.chat.completions.create({ ...request, stream: true }));
      } else {
        await client.chat.completions.create(request);
      }
      const choice = (id: string): object => ({
        role: 'assistant',
        parts: [{ type: 'tool_call', id, name: 'get_weather', arguments: { city: expect.any(String) } }],
        finish_reason: 'tool_call',
      });
      expect(contentOf('gen_ai.output.messages')).toEqual([choice('call_000001'), choice('call_000002')]);
    },
  );

  test.each([false, true])('includes a custom tool call (streamed: %s)', async (streamed) => {
    const { client } = await record({ captureMessageContent: true });
    const request: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming = {
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'List the files' }],
      tools: [{ type: 'custom', custom: { name: 'shell' } }],
    };
    if (streamed) {
      for await (const _ of await client.chat.completions.create({ ...request, stream: true }));
    } else {
      await client.chat.completions.create(request);
    }
    expect(contentOf('gen_ai.output.messages')).toMatchObject([
      { parts: [{ type: 'tool_call', name: 'shell', arguments: 'simulated' }] },
    ]);
  });

  test('includes the text of a stream as far as it was read', async () => {
    const { client } = await record({ captureMessageContent: true });
    const stream = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content?.includes('is')) break;
    expect(contentOf('gen_ai.output.messages')).toMatchObject([{ parts: [{ content: 'This' }] }]);
  });
});

describe('content is limited', () => {
  test('to a number of characters per text, with the original length', async () => {
    const { client } = await record({ captureMessageContent: true, maxContentLength: 10 });
    await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: '123456789😀123456789' }],
    });
    expect(contentOf('gen_ai.input.messages')).toEqual([
      // Not between the halves of a surrogate pair.
      { role: 'user', parts: [{ type: 'text', content: '123456789', original_length: 20 }] },
    ]);
  });

  test('to a number of characters per span, with the newest messages first', async () => {
    const { client } = await record({ captureMessageContent: true, maxSpanContentLength: 4_000 });
    await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: Array.from({ length: 100 }, (_, index) => ({
        role: 'user' as const,
        content: `${index} ${'x'.repeat(500)}`,
      })),
    });
    const { attributes } = session.spans[0] ?? {};
    const input = contentOf('gen_ai.input.messages') as { omitted_messages?: number; parts: unknown[] }[];
    expect(input.at(-1)?.parts).toMatchObject([{ content: expect.stringMatching(/^99 x/) }]);
    expect(input[0]?.omitted_messages).toBe(100 - (input.length - 1));
    expect(contentOf('gen_ai.output.messages')).toMatchObject([
      { parts: [{ content: 'This is a simulated answer.' }] },
    ]);
    const total = CONTENT.reduce((sum, name) => sum + String(attributes?.[name] ?? '').length, 0);
    expect(total).toBeLessThanOrEqual(4_000);
  });

  test('also in a stream, which marks a text that it has no room left for', async () => {
    const { client, simulator } = await record({ captureMessageContent: true, maxSpanContentLength: 600 });
    const chunk = (delta: object): { data: object } => ({
      data: { id: 'chatcmpl-1', model: 'm', choices: [{ index: 0, delta, finish_reason: 'stop' }] },
    });
    const thought = chunk({ reasoning_content: 'x'.repeat(700) });
    simulator.next({ sse: [thought, chunk({ content: 'The answer is 7.' }), 'done'] });
    for await (const _ of await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    }));
    expect(contentOf('gen_ai.output.messages')).toMatchObject([
      {
        parts: [
          { type: 'reasoning', original_length: 700 },
          { type: 'text', content: 'Th', original_length: 16 },
        ],
      },
    ]);
  });

  test("to the SDK's attribute limit, so that JSON stays valid", async () => {
    await record({ captureMessageContent: true });
    await session.verify();
    session = await startSession({
      config: { captureMessageContent: true },
      spanLimits: { attributeValueLengthLimit: 300 },
    });
    await session.client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'x'.repeat(1_000) }],
    });
    expect(contentOf('gen_ai.input.messages')).toMatchObject([{ parts: [{ original_length: 1_000 }] }]);
  });

  test('before anything beyond the limit is read', async () => {
    const { client } = await record({ captureMessageContent: true, maxSpanContentLength: 1_000 });
    let read = 0;
    const old = {
      role: 'user' as const,
      get content() {
        read++;
        return 'x'.repeat(500);
      },
    };
    const messages: Messages = [
      ...Array.from({ length: 1_000 }, () => old),
      { role: 'user', content: 'Hello' },
    ];
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
    // The SDK reads each once to send it.
    expect(read - 1_000).toBeLessThan(10);
  });
});
