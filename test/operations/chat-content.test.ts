import type OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { type Session, type SessionOptions, startSession } from '../support/session.ts';

type Messages = OpenAI.Chat.ChatCompletionMessageParam[];

/** SHA-256 of `hello` and `hello!`. */
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const HELLO_AGAIN = 'ce06092fb948d9ffac7d1a376e404b26b7575bcc11ee05a4615fef4fec3a308b';

const MODEL = 'gpt-4o-mini';
const CONTENT = [
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.tool.definitions',
  'gen_ai.request.stop_sequences',
];

let session: Session;
afterEach(() => session.verify());

async function record(config: SessionOptions['config'] = {}, options: SessionOptions = {}): Promise<Session> {
  session = await startSession({ ...options, config: { captureMessageContent: true, ...config } });
  return session;
}

function contentOf(name: string): unknown {
  const value = session.spans[0]?.attributes[name];
  return typeof value === 'string' ? JSON.parse(value) : value;
}

describe('recorded content', () => {
  test('includes messages, definitions of tools and stop sequences', async () => {
    const { client } = await record();
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const get_weather = { name: 'get_weather', description: 'Tells the weather', parameters };
    await client.chat.completions.create({
      model: MODEL,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello there' },
      ],
      tools: [{ type: 'function', function: get_weather }],
      tool_choice: 'none',
      // As they were before tools.
      functions: [{ name: 'add', description: 'Adds.', parameters }],
      stop: 'END',
    });
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
        { type: 'function', ...get_weather },
        { type: 'function', name: 'add', description: 'Adds.', parameters },
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
      { role: 'tool', tool_call_id: 'call_3', content: ['A ', { type: 'text', text: 'bird' }] as never },
      {
        role: 'tool',
        tool_call_id: 'call_4',
        content: [
          { type: 'text', text: 'A cat' },
          { type: 'image_url', image_url: { url: 'u' } },
        ] as never,
      },
      { role: 'user', content: ['Look', ['at', 'it'], { text: 'here' }, {}, null, ''] as never },
      {
        role: 'assistant',
        content: { type: 'text', text: 'Hi' } as never,
        images: [{ type: 'image_url', image_url: { url: 'u' } }, 'v', 5],
        reasoning_details: [{ type: 'reasoning.summary', summary: 'Hm' }, { type: 'reasoning.encrypted' }],
        tool_calls: { id: 'call_5', function: { name: 'look', arguments: { at: 'it' } } } as never,
      } as never,
      { role: 'assistant', refusal: 'I would rather not.' },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { role: 'assistant', audio: { id: 'audio_1' } },
      { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } },
    ];
    const { client } = await record();
    await client.chat.completions.create({ model: MODEL, messages });
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
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_3', response: 'A bird' }] },
      {
        role: 'tool',
        parts: [
          {
            type: 'tool_call_response',
            id: 'call_4',
            response: [
              { type: 'text', content: 'A cat' },
              { type: 'uri', modality: 'image', uri: 'u' },
            ],
          },
        ],
      },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'Look' },
          { type: 'omitted', count: 1 },
          { type: 'text', content: 'here' },
          { type: 'omitted', count: 1 },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'Hm' },
          { type: 'text', content: 'Hi' },
          { type: 'uri', modality: 'image', uri: 'u' },
          { type: 'uri', modality: 'image', uri: 'v' },
          { type: 'omitted', count: 1 },
          { type: 'tool_call', id: 'call_5', name: 'look', arguments: { at: 'it' } },
        ],
      },
      { role: 'assistant', parts: [{ type: 'refusal', content: 'I would rather not.' }] },
      { role: 'assistant', parts: [{ type: 'refusal', content: 'No.' }] },
      { role: 'assistant', parts: [{ type: 'file', modality: 'audio', file_id: 'audio_1' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', name: 'look', arguments: {} }] },
    ]);
  });

  test('includes an error message, which is never cut inside a character', async () => {
    const { client, simulator } = await record({ maxContentLength: 8 });
    simulator.next({ status: 400, body: { error: { message: 'abc😀' } } });
    await client.chat.completions.create({ model: MODEL, messages: [] }).catch(() => undefined);
    const event = session.logRecords.find(({ eventName }) => eventName?.endsWith('exception'));
    expect([session.spans[0]?.status.message, event?.attributes['exception.message']]).toEqual(
      Array(2).fill('400 abc'),
    );
  });
});

describe('content is limited', () => {
  test.each<[to: string, ...limits: Parameters<typeof record>, kept: RegExp]>([
    ['a number of characters per text, but whole ones', { maxContentLength: 10 }, {}, /^123456789$/],
    [
      'the attribute limit of the SDK, as valid JSON',
      {},
      { spanLimits: { attributeValueLengthLimit: 300 } },
      /^123456789.+/,
    ],
  ])('to %s, with the original length', async (_, config, options, kept) => {
    const { client } = await record(config, options);
    const content = `123456789${'😀'.repeat(500)}`;
    await client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content }] });
    const text = { type: 'text', content: expect.stringMatching(kept), original_length: 1_009 };
    expect(contentOf('gen_ai.input.messages')).toEqual([{ role: 'user', parts: [text] }]);
  });

  test('also in a stream, which marks a text that it has no room left for', async () => {
    const { client, simulator } = await record({ maxSpanContentLength: 600 });
    const chunk = (delta: object): { data: object } => ({
      data: { id: 'chatcmpl-1', model: 'm', choices: [{ index: 0, delta, finish_reason: 'stop' }] },
    });
    const thought = chunk({ reasoning_content: 'x'.repeat(700) });
    simulator.next({ sse: [thought, chunk({ content: 'The answer is 7.' }), 'done'] });
    const asked = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }], stream: true as const };
    await Array.fromAsync(await client.chat.completions.create(asked));
    expect(contentOf('gen_ai.output.messages')).toMatchObject([
      {
        parts: [
          { type: 'reasoning', original_length: 700 },
          { type: 'text', content: 'Th', original_length: 16 },
        ],
      },
    ]);
  });

  test('to a number of characters per span, newest first, before anything beyond is read', async () => {
    const { client } = await record({ maxSpanContentLength: 1_000 });
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
    await client.chat.completions.create({ model: MODEL, messages });
    const input = contentOf('gen_ai.input.messages') as { omitted_messages?: number; parts: unknown[] }[];
    expect(input[0]?.omitted_messages).toBe(1_001 - (input.length - 1));
    expect(input.at(-1)?.parts).toEqual([{ type: 'text', content: 'Hello' }]);
    // The SDK reads each once to send it.
    expect(read - 1_000).toBeLessThan(10);
  });
});
