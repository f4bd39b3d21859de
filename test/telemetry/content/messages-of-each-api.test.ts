import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/config/completion-types.ts';
import { readThreadMessageContent } from '../../../src/hierarchy/dialects/assistants.ts';
import { readInputMessages } from '../../../src/operations/chat/messages.ts';
import { readResponseInput, readResponseOutput } from '../../../src/operations/response/content.ts';
import type { UnreadMessages } from '../../../src/telemetry/content/content-writer.ts';
import { checkContent } from '../../support/conventions/content.ts';

/** What the schema of the conventions, with its known types of parts, has against messages. */
function findings(messages: UnreadMessages): string[] {
  return checkContent({ 'gen_ai.input.messages': plain(messages) }, 'structured', true);
}

/** Messages are read when they are asked for. */
function plain(messages: UnreadMessages): (Message | undefined)[] {
  return Array.from({ length: messages.length }, (_, index) => messages.at(index));
}

describe('a message of a thread', () => {
  test.each([
    ['a text in a request', { role: 'user', content: 'Hi' }, [{ type: 'text', content: 'Hi' }]],
    [
      'a text with notes',
      { role: 'assistant', content: [{ type: 'text', text: { value: 'Hi', annotations: [{}] } }] },
      [{ type: 'text', content: 'Hi' }],
    ],
    [
      'a refusal',
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No' }] },
      [{ type: 'refusal', content: 'No' }],
    ],
    [
      'files for the tools',
      { role: 'user', content: 'Hi', attachments: [{ file_id: 'file_1', tools: [] }, {}] },
      [
        { type: 'text', content: 'Hi' },
        { type: 'file', modality: 'document', file_id: 'file_1' },
      ],
    ],
    ['nothing', { role: 'user', content: null }, []],
  ])('with %s', (_, message, parts) => {
    const read = readThreadMessageContent(message);
    expect(read).toEqual({ role: message.role, parts });
    expect(findings([read])).toEqual([]);
  });
});

test('unknown items and parts of a response are marked', () => {
  const items = [
    { type: 'hologram', content: 'rose' },
    { role: 'user', content: [{ type: 'input_smell' }, { type: 'input_text', text: 'Hi' }, null] },
    { type: 'item_reference', id: 'msg_1' },
  ];
  const omitted = { type: 'omitted', count: 1 };
  const hello = { type: 'text', content: 'Hi' };
  const messages = readResponseInput(items);
  expect(plain(messages)).toEqual([
    { role: 'assistant', parts: [omitted] },
    { role: 'user', parts: [omitted, hello] },
  ]);
  expect(findings(messages)).toEqual([]);
  expect(readResponseOutput({ output: items })).toMatchObject([{ parts: [omitted, omitted, hello] }]);
});

describe('a message of a chat', () => {
  test.each<[string, object, object]>([
    [
      'a video',
      { type: 'video_url', video_url: { url: 'https://x.example/1.mp4?sig=secret' } },
      { type: 'uri', modality: 'video', uri: 'https://x.example/1.mp4?sig=REDACTED' },
    ],
    ['something unknown', { type: 'smell', smell: 'rose' }, { type: 'omitted', count: 1 }],
  ])('has %s', (_, content, part) => {
    const messages = readInputMessages([{ role: 'user', content: [content, null] }]);
    expect(plain(messages)).toEqual([{ role: 'user', parts: [part] }]);
    expect(findings(messages)).toEqual([]);
  });

  test('has all of its parts, more than a function takes arguments', () => {
    const parts = Array.from({ length: 200_000 }, () => ({ type: 'text', text: '.' }));
    expect(readInputMessages([{ role: 'user', content: parts }]).at(0)?.parts).toHaveLength(parts.length);
  });

  test('with a legacy function result', () => {
    const messages = readInputMessages([{ role: 'function', name: 'look', content: 'A cat' }]);
    expect(plain(messages)).toEqual([
      { role: 'function', name: 'look', parts: [{ type: 'tool_call_response', response: 'A cat' }] },
    ]);
    expect(findings(messages)).toEqual([]);
  });
});

test('the messages of a request are read lazily', () => {
  const reads: string[] = [];
  const message = {
    role: 'user',
    get content() {
      reads.push('content');
      return 'Hi';
    },
  };
  const lists = [readInputMessages([message]), readResponseInput([message])];
  expect(lists.map(({ length }) => length)).toEqual([1, 1]);
  expect(reads).toEqual([]);
  const whole = { role: 'user', parts: [{ type: 'text', content: 'Hi' }] };
  expect(lists.flatMap(plain)).toEqual([whole, whole]);
  expect(reads).toEqual(['content', 'content']);
});
