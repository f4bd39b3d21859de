import { describe, expect, test } from 'vitest';
import { blobPart, urlPart } from '../../../src/telemetry/content/media.ts';
import { parseJson } from '../../../src/telemetry/content/messages.ts';
import { messageFinishReason } from '../../../src/telemetry/outcomes/finish-reason.ts';

test.each([
  ['stop', 'stop'],
  ['length', 'length'],
  ['content_filter', 'content_filter'],
  ['tool_calls', 'tool_call'],
  ['function_call', 'tool_call'],
  ['max_output_tokens', 'length'],
  ['failed', 'error'],
  ['cancelled', 'error'],
  ['STOP', 'stop'],
  ['model_length', 'length'],
  ['eos', 'stop'],
  ['insufficient_system_resource', 'error'],
  ['something_new', 'something_new'],
  ['constructor', 'constructor'],
  [undefined, 'error'],
])('the finish reason %s is %s in the schema of messages', (reason, expected) => {
  expect(messageFinishReason(reason)).toBe(expected);
});

test.each([
  ['{"a":1}', { a: 1 }],
  ['"text"', 'text'],
  ['not JSON', 'not JSON'],
  ['{"user":76561198000000001230,"half":0.5}', { user: '76561198000000001230', half: 0.5 }],
  ['[9007199254740991,1e3]', [9007199254740991, 1000]],
  ['12e4567', '12e4567'],
  [
    '{"id":"3e8f0000-1111-2222-3333-444455556666","small":-2.5e-3}',
    { id: '3e8f0000-1111-2222-3333-444455556666', small: -0.0025 },
  ],
  ['[ -9007199254740993 ]', ['-9007199254740993']],
  ['', ''],
  [{ a: 1 }, { a: 1 }],
  [undefined, undefined],
])('%j is recorded as %j', (text, expected) => {
  expect(parseJson(text)).toEqual(expected);
});

test('base64 instead of a URL is media, and a long URL is not', () => {
  const bytes = 'aGVsbG8h'.repeat(40);
  expect(urlPart(bytes, 'image')).toEqual(blobPart(bytes, 'image'));
  const url = `https://x.example/${bytes}`;
  expect(urlPart(url, 'image')).toEqual({ type: 'uri', modality: 'image', uri: url });
});

test('JSON beyond the text limit is not parsed', () => {
  const text = JSON.stringify('x'.repeat(100_000));
  expect(parseJson(text)).toBe(text);
});

describe('media in a message are base64, or only their size is known', () => {
  test.each([
    ['data:image/png;base64,aGVsbG8=', { mime_type: 'image/png', content: 'aGVsbG8=' }],
    [' DATA:image/png;x=y;base64,aGVsbG8=', { mime_type: 'image/png', content: 'aGVsbG8=' }],
    ['data:image/svg+xml;charset=utf8,%3Csvg/>', { mime_type: 'image/svg+xml', content: '', size: 8 }],
    ['data:,%', { content: '', size: 1 }],
    ['data:;base64,aGVsbG8=', { content: 'aGVsbG8=' }],
    ['data:nothing', { content: '' }],
  ])('%s', (url, expected) => {
    expect(urlPart(url, 'image')).toEqual({ type: 'blob', modality: 'image', ...expected });
  });
});
