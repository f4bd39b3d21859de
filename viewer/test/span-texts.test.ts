import { expect, it } from 'vitest';
import { contentTexts, readContent } from '../src/span-texts.ts';
import { said } from './spans.ts';

function textsOf(attributes: Readonly<Record<string, unknown>>): string[] {
  return contentTexts(readContent(attributes));
}

it.each([
  [
    'messages',
    { 'gen_ai.input.messages': JSON.stringify([said('user', 'Say "hi"\nto me')]) },
    ['Say "hi"\nto me'],
  ],
  [
    'instructions',
    { 'gen_ai.system_instructions': '[{"type":"text","content":"Be brief."}]' },
    ['Be brief.'],
  ],
  ['instructions that are plain text', { 'gen_ai.system_instructions': 'Be brief.' }, ['Be brief.']],
  [
    'a tool call and its result',
    {
      'gen_ai.output.messages': JSON.stringify([
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'call_1', name: 'find', arguments: '{"city":"Paris"}' }],
        },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: { found: 2 } }] },
      ]),
    },
    ['find', 'city', 'Paris', 'found', '2'],
  ],
  [
    'arguments and the result of a tool',
    { 'gen_ai.tool.call.arguments': '{"code":"1 + 1"}', 'gen_ai.tool.call.result': '2' },
    ['code', '1 + 1', '2'],
  ],
  [
    'a traced function',
    { 'openai.trace.input': '["Who?",null]', 'openai.trace.output': '"Ann"' },
    ['Who?', 'Ann'],
  ],
  [
    'an image, without its bytes',
    {
      'gen_ai.input.messages': [
        { role: 'user', parts: [{ type: 'blob', mime_type: 'image/png', content: 'aGk=' }] },
      ],
    },
    ['image/png'],
  ],
  [
    'messages that were cut for the page',
    {
      'gen_ai.input.messages': String.raw`[{"role":"user","parts":[{"type":"text","content":"Say \"hi\"\nto m\u00`,
    },
    ['Say "hi"\nto m'],
  ],
])('the texts of %s are what a reader sees', (_, attributes, expected) => {
  expect(textsOf(attributes)).toEqual(expected);
});

it('parses the content of a span once', () => {
  const attributes = { 'openai.trace.input': '["Who?"]' };
  expect(readContent(attributes)).toBe(readContent(attributes));
});
