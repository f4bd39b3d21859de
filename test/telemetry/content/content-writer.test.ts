import type { Attributes } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/config/completion-types.ts';
import { resolveSettings, type Settings } from '../../../src/config/config.ts';
import { type Content, contentLimits, writeContent } from '../../../src/telemetry/content/content-writer.ts';

function settings(maxContentLength: number, maxSpanContentLength: number): Settings {
  return resolveSettings({ maxContentLength, maxSpanContentLength }, () => undefined, {});
}

/** What a writer with these limits writes of one kind of content. */
function written(content: Content, maxText = 100, maxSpan = 1_000): unknown {
  const [value] = Object.values(writeContent(contentLimits(settings(maxText, maxSpan)), content));
  return value === undefined ? undefined : JSON.parse(String(value));
}

function messages(...texts: string[]): Message[] {
  return texts.map((content) => ({ role: 'user', parts: [{ type: 'text', content }] }));
}

describe('messages', () => {
  test('within the limits are written whole', () => {
    expect(written({ outputMessages: messages('Hi', 'there') })).toEqual(messages('Hi', 'there'));
  });

  test('beyond the limits are replaced by a count, oldest first', () => {
    const long = 'x'.repeat(100);
    const all = messages(...Array.from({ length: 20 }, () => long), 'newest');
    const kept = written({ outputMessages: all }) as Message[];
    expect(kept[0]).toEqual({ role: 'user', parts: [], omitted_messages: 21 - (kept.length - 1) });
    expect(kept.at(-1)).toEqual(messages('newest')[0]);
  });

  test('with omitted parts carry their number', () => {
    const parts = Array.from({ length: 50 }, () => ({ type: 'text' as const, content: 'x'.repeat(50) }));
    const message: Message = { role: 'assistant', parts, finish_reason: 'stop' };
    const [kept] = written({ outputMessages: [message] }) as [Message & { omitted_parts: number }];
    expect(kept.parts.length).toBeGreaterThan(3);
    expect(kept).toMatchObject({ omitted_parts: 50 - kept.parts.length, finish_reason: 'stop' });
  });

  test('do not count the media that the option `media` drops as omitted', () => {
    const image = { type: 'blob' as const, modality: 'image', content: 'AAAA' };
    const text = { type: 'text' as const, content: 'x'.repeat(100) };
    const message: Message = {
      role: 'user',
      parts: [text, { type: 'uri', modality: 'image', uri: text.content.repeat(20) }, image, image],
    };
    const limits = contentLimits({ ...settings(5_000, 1_000), media: 'drop' });
    const json = String(Object.values(writeContent(limits, { outputMessages: [message] }))[0]);
    expect(JSON.parse(json)).toMatchObject([{ parts: [text], omitted_parts: 1 }]);
  });

  test('with a text beyond the limit are cut to the remaining length', () => {
    const kept = written({ outputMessages: messages('x'.repeat(5_000)) }, 10_000, 500);
    const [message] = kept as [{ parts: [{ content: string }] }];
    expect(message.parts[0].content.length).toBeGreaterThan(100);
    expect(message.parts[0]).toMatchObject({ original_length: 5_000 });
  });

  test('of which nothing fits leave only their number, or nothing', () => {
    const content = { outputMessages: messages('a', 'b') };
    expect(written(content, 100, 150)).toEqual([{ role: 'user', parts: [], omitted_messages: 2 }]);
    expect(written(content, 100, 0)).toBeUndefined();
    expect(written({ outputMessages: [] })).toBeUndefined();
  });
});

describe('with any limits', () => {
  const text = '\u0000"\\\n😀é'.repeat(40);
  const all: Message[] = [
    {
      role: 'r'.repeat(99),
      parts: [{ type: 'tool_call', name: text, arguments: { [text]: [text, { text }] } }],
    },
    {
      role: 'user',
      parts: [
        { type: 'reasoning', content: text },
        { type: 'text', content: text },
      ],
    },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call_response', response: text }],
      finish_reason: 'tool_call',
    },
    { role: 'assistant', parts: [{ type: 'text', content: text }], finish_reason: 'f'.repeat(99) },
  ];

  test.each(Array.from({ length: 40 }, (_, index) => index * 97))(
    'the JSON is valid and within %i',
    (limit) => {
      for (const maxText of [0, 1, 7, 1_000]) {
        const limits = contentLimits(settings(maxText, limit));
        const attributes: Attributes = {
          ...writeContent(limits, { systemInstructions: all[1]?.parts ?? [], inputMessages: all }, 0.5),
          ...writeContent(limits, { outputMessages: all, documents: all, toolResult: all[0] }),
        };
        const values = Object.values(attributes).map(String);
        for (const value of values) expect(() => JSON.parse(value)).not.toThrow();
        expect(values.join('').length).toBeLessThanOrEqual(limit);
        expect(values.join('')).not.toMatch(/\\ud[89a-f]/);
      }
    },
  );
});

describe('other content', () => {
  test('a list keeps its first values and counts the others', () => {
    const values = Array.from({ length: 40 }, (_, index) => ({ type: 'function', name: `tool_${index}` }));
    const kept = written({ toolDefinitions: values }) as unknown[];
    expect(kept[0]).toEqual(values[0]);
    expect(kept.at(-1)).toEqual({ type: 'omitted', name: '…', count: 40 - (kept.length - 1) });
  });

  test.each([
    ['an object as it is', { a: [1, 'x', null] }, { a: [1, 'x', null] }],
    ['anything else under `value`', ['x'], { value: ['x'] }],
    ['a text too', 'x', { value: 'x' }],
    ['nothing for undefined', undefined, undefined],
    ['nothing for null', null, undefined],
    [
      'a mark for a value that is too large',
      { a: Array.from({ length: 99 }, () => 'x'.repeat(99)) },
      { omitted: true },
    ],
  ])('a value: %s', (_, value, expected) => {
    expect(written({ toolResult: value })).toEqual(expected);
  });

  test('each short text is cut to the attribute limit of the SDK', () => {
    const limits = contentLimits(settings(100, 1_000), 5);
    expect(writeContent(limits, { parameters: { a: '123456', b: ['123456', '12345'] } })).toEqual({
      a: '1234…',
      b: ['1234…', '12345'],
    });
  });

  test('a short text is cut to the remaining length of the span, with a mark, and left out if none remains', () => {
    const limits = contentLimits(settings(5, 8));
    const parameters = { a: '123456', b: ['123456', '1'], c: '1', d: ['1'] };
    expect(writeContent(limits, { parameters })).toEqual({ a: '1234…', b: ['12…'] });
  });
});
