import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/config/completion-types.ts';
import { resolveSettings, type Settings } from '../../../src/config/config.ts';
import {
  type Content,
  contentLimits,
  limitedJson,
  writeContent,
} from '../../../src/telemetry/content/content-writer.ts';
import { cut } from '../../../src/util/cut-text.ts';

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

  test('of which nothing fits leave only their number, or nothing', () => {
    const content = { outputMessages: messages('a', 'b') };
    expect(written(content, 100, 150)).toEqual([{ role: 'user', parts: [], omitted_messages: 2 }]);
    expect(written(content, 100, 0)).toBeUndefined();
    expect(written({ outputMessages: [] })).toBeUndefined();
  });
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
    ['a mark for a value that is too large', { a: Array(99).fill('x'.repeat(99)) }, { omitted: true }],
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

function write(value: unknown, maxText = 100, maxLength = 1_000): unknown {
  const json = limitedJson(value, maxLength, { maxText });
  return json === undefined ? undefined : JSON.parse(json);
}

function fail(): never {
  throw new Error('It was called.');
}

describe('a value within the limits is written like JSON.stringify', () => {
  test.each([
    ['x"\\\n\u0000😀'],
    [0.5],
    [-0],
    [Number.NaN],
    [true],
    [null],
    [[1, [2], [], {}]],
    [{ a: { b: [{ c: 'd' }] }, 'e f': null }],
    [{ left: undefined, out: () => 1 }],
    [[undefined, () => 1, Symbol('x')]],
    [Object.assign(Object.create({ inherited: 1 }), { own: 1 })],
  ])('%j', (value) => {
    expect(limitedJson(value, 1_000, { maxText: 100 })).toBe(JSON.stringify(value));
  });
});

test.each<[string, unknown, unknown]>([
  ['a text that is too long is cut', { text: 'x'.repeat(200) }, { text: `${'x'.repeat(100)}…` }],
  ['and so is a key', { ['k'.repeat(200)]: 1 }, { [`${'k'.repeat(100)}…`]: 1 }],
  ['a large integer becomes a text', { large: 10n ** 30n }, { large: `1${'0'.repeat(30)}` }],
  [
    'a field that throws is left out',
    Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: fail }),
    { a: 1 },
  ],
  ['a `toJSON` is not called', { toJSON: fail, a: 1 }, { a: 1 }],
])('%s', (_, value, expected) => {
  expect(write(value)).toEqual(expected);
});

test('nesting beyond the limit is omitted, even if it is endless', () => {
  const endless: Record<string, unknown> = {};
  endless.self = endless;
  expect(JSON.stringify(write(endless))).toMatch(/^(\{"self":){26}"…"\}{26}$/);
});

test('any number of items is written if it fits', () => {
  const list: number[] = Array(20_000).fill(1);
  expect(write(list, 100, 1e6)).toEqual(list);
  const wide = Object.fromEntries(list.map((value, index) => [`k${index}`, value]));
  expect(write(wide, 100, 1e6)).toEqual(wide);
  expect(write(wide)).toBeUndefined();
});

test.each([[{ a: 'x', b: [1, 22, true] }], [[[], {}, [null], '"']], ['text'], [7]])(
  '%j is written if exactly its JSON fits, and not with less room',
  (value) => {
    const { length } = JSON.stringify(value);
    expect(limitedJson(value, length, { maxText: 100 })).toBe(JSON.stringify(value));
    for (let room = -1; room < length; room++)
      expect(limitedJson(value, room, { maxText: 100 })).toBeUndefined();
  },
);

test('values beyond the limit are never read', () => {
  let read = 0;
  const item = {
    get text() {
      read++;
      return 'x'.repeat(50);
    },
  };
  expect(write(Array(1_000).fill(item), 100, 500)).toBeUndefined();
  expect(read).toBeLessThan(20);
});

test.each([
  ['abcd', 9, 'abcd'],
  ['abcd', 2, 'ab'],
  ['a😀b', 2, 'a'],
  ['a😀b', 3, 'a😀'],
  ['😀', 1, ''],
  ['abcd', 0, ''],
])('of %s the first %i characters are %s', (text, length, expected) => {
  expect(cut(text, length)).toBe(expected);
});
