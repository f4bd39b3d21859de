import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig, SinkEvent } from '../../../src/client.ts';
import { completionBody, functionCall } from '../../support/bodies.ts';
import { startSession } from '../../support/session.ts';

interface Kind {
  readonly message: object;
  readonly deltas: readonly object[];
  readonly reason?: string;
  /** Of the output message. */
  readonly parts: readonly object[];
  /** `tool.call` events: those of tools without consent. */
  readonly calls?: readonly object[];
}

const given = (index: number, text: string): object => ({
  tool_calls: [{ index, function: { arguments: text } }],
});

/** The same answer whole and in pieces, as the API sends it. */
const KINDS: Readonly<Record<string, Kind>> = {
  'a text': {
    message: { content: 'It is 4.' },
    deltas: [{ role: 'assistant', content: '' }, { content: 'It ' }, { content: 'is 4.' }],
    parts: [{ type: 'text', content: 'It is 4.' }],
  },
  'a refusal': {
    message: { content: null, refusal: 'No way.' },
    deltas: [{ role: 'assistant', content: null, refusal: 'No ' }, { refusal: 'way.' }],
    parts: [{ type: 'refusal', content: 'No way.' }],
  },
  'thoughts and an answer': {
    message: { reasoning_content: 'Two and two.', content: '4' },
    deltas: [{ reasoning_content: 'Two ' }, { reasoning_content: 'and two.' }, { content: '4' }],
    parts: [
      { type: 'reasoning', content: 'Two and two.' },
      { type: 'text', content: '4' },
    ],
  },
  'thoughts under the name that OpenRouter gives them': {
    message: { reasoning: 'Two and two.', content: '4' },
    deltas: [{ content: '', reasoning: 'Two ' }, { reasoning: 'and two.' }, { content: '4' }],
    parts: [
      { type: 'reasoning', content: 'Two and two.' },
      { type: 'text', content: '4' },
    ],
  },
  'thoughts under both names': {
    message: { reasoning: 'Two.', reasoning_content: 'Two.', content: '4' },
    deltas: [{ reasoning: 'Two.', reasoning_content: 'Two.' }, { content: '4' }],
    parts: [
      { type: 'reasoning', content: 'Two.' },
      { type: 'text', content: '4' },
    ],
  },
  'thoughts as parts of the content, as Mistral sends them': {
    message: {
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'Two and two.' }] },
        { type: 'text', text: 'It is 4.' },
      ],
    },
    deltas: [
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Two ' }] }] },
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'and two.' }] }] },
      { content: [{ type: 'text', text: 'It ' }] },
      { content: 'is 4.' },
    ],
    parts: [
      { type: 'reasoning', content: 'Two and two.' },
      { type: 'text', content: 'It is 4.' },
    ],
  },
  'calls of functions': {
    message: {
      content: null,
      tool_calls: [functionCall('add', '{"a":1}', 'call_1'), functionCall('look', '', 'call_2')],
    },
    deltas: [
      { tool_calls: [{ index: 0, ...functionCall('add', '', 'call_1') }] },
      { tool_calls: [{ index: 1, ...functionCall('look', '', 'call_2') }] },
      given(0, '{"a"'),
      given(0, ':1}'),
    ],
    reason: 'tool_calls',
    parts: [
      { type: 'tool_call', id: 'call_1', name: 'add', arguments: { a: 1 } },
      { type: 'tool_call', id: 'call_2', name: 'look', arguments: '' },
    ],
    calls: [
      { id: 'call_1', name: 'add', toolType: 'function', arguments: { a: 1 } },
      { id: 'call_2', name: 'look', toolType: 'function', arguments: '' },
    ],
  },
  'a call of a custom tool': {
    message: {
      content: null,
      tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'shell', input: 'ls -l' } }],
    },
    deltas: [
      { tool_calls: [{ index: 0, id: 'call_1', type: 'custom', custom: { name: 'shell', input: '' } }] },
      { tool_calls: [{ index: 0, custom: { input: 'ls ' } }] },
      { tool_calls: [{ index: 0, custom: { input: '-l' } }] },
    ],
    reason: 'tool_calls',
    parts: [{ type: 'tool_call', id: 'call_1', name: 'shell', arguments: 'ls -l' }],
    calls: [{ id: 'call_1', name: 'shell', toolType: 'custom', arguments: 'ls -l' }],
  },
  'a call of a function as it was before tools': {
    message: { content: null, function_call: { name: 'add', arguments: '{"a":1}' } },
    deltas: [
      { role: 'assistant', content: null, function_call: { name: 'add', arguments: '' } },
      { function_call: { arguments: '{"a"' } },
      { function_call: { arguments: ':1}' } },
    ],
    reason: 'function_call',
    parts: [{ type: 'tool_call', name: 'add', arguments: { a: 1 } }],
    calls: [{ name: 'add', toolType: 'function' }],
  },
  'speech, whose pieces are base64 of their own': {
    message: {
      content: null,
      audio: { id: 'audio_1', transcript: 'Hello!', data: btoa('Hello, Ada'), expires_at: 1 },
    },
    deltas: [
      { role: 'assistant', audio: { id: 'audio_1', transcript: 'Hel' } },
      { audio: { transcript: 'lo!', data: btoa('Hello') } },
      { audio: { data: btoa(', A') } },
      { audio: { data: btoa('da') } },
      { audio: { expires_at: 1 } },
    ],
    parts: [
      { type: 'text', content: 'Hello!' },
      { type: 'blob', modality: 'audio', content: btoa('Hello, Ada') },
    ],
  },
  'speech with a transcript only': {
    message: { content: null, audio: { id: 'audio_1', transcript: 'Hello!', expires_at: 1 } },
    deltas: [{ audio: { id: 'audio_1', transcript: 'Hel' } }, { audio: { transcript: 'lo!' } }],
    parts: [
      { type: 'text', content: 'Hello!' },
      { type: 'file', modality: 'audio', file_id: 'audio_1' },
    ],
  },
};

/** What is recorded of an answer: the output messages of span and event, and the events of tool calls. */
async function answer(kind: Kind, stream: boolean, config: OpenAIInstrumentationConfig): Promise<unknown> {
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const session = await startSession({ config: { ...config, events: { sink, preset: 'full' } } });
  const { message, deltas, reason: finish_reason = 'stop' } = kind;
  const head = { id: 'chatcmpl-1', model: 'gpt-4o' };
  const chunks = [...deltas, {}].map((delta, index) => ({
    data: {
      ...head,
      choices: [{ index: 0, delta, finish_reason: index === deltas.length ? finish_reason : null }],
    },
  }));
  const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }];
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  session.simulator.next(
    stream
      ? { sse: [...chunks, { data: { ...head, choices: [], usage } }, 'done'] }
      : { body: completionBody('', { choices }) },
  );
  const given = await session.client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: '2 + 2?' }],
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  });
  if (Symbol.asyncIterator in given) for await (const _ of given);
  const output = 'gen_ai.output.messages';
  await session.verify();
  return {
    span: JSON.parse(String(session.spans[0]?.attributes[output] ?? 'null')),
    event: session.logRecords[0]?.attributes[output] ?? null,
    calls: events
      .filter((event) => event.type === 'tool.call')
      .map(({ id, name, toolType, arguments: given }) => ({ id, name, toolType, arguments: given })),
  };
}

describe.each([
  ['plain', false],
  ['streamed', true],
])('of a %s answer', (_, stream) => {
  test.each(Object.entries(KINDS))('%s is recorded', async (_, kind) => {
    const finish_reason = kind.reason === undefined ? 'stop' : 'tool_call';
    const messages = [{ role: 'assistant', parts: kind.parts, finish_reason }];
    const config = { captureMessageContent: true, media: 'inline' } as const;
    expect(await answer(kind, stream, config)).toEqual({
      span: messages,
      event: messages,
      calls: kind.calls ?? [],
    });
  });

  test.each(Object.entries(KINDS))('%s records only the tools without consent', async (_, kind) => {
    const calls = (kind.calls ?? []).map((call) => ({ ...call, arguments: undefined }));
    expect(await answer(kind, stream, {})).toEqual({ span: null, event: null, calls });
  });
});
