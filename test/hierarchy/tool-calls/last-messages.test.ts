import { expect, it } from 'vitest';
import { fingerprintOfMessages, lastMessages } from '../../../src/hierarchy/tool-calls/last-messages.ts';

const TEXT = 'x'.repeat(16_384);
const USER = { role: 'user', content: 'How is the weather?' };
const ASKING = { role: 'assistant', content: null };
const RESULT = { role: 'tool', tool_call_id: 'call_0', content: 'ok' };
const OUTPUT = { type: 'function_call_output', call_id: 'call_0', output: 'ok' };
const CALL = { type: 'function_call', call_id: 'call_0', name: 'login', arguments: '{}' };

const user = (content: unknown) => ({ role: 'user', content });
const IMAGE = user([{ type: 'image_url', image_url: { url: 'https://example.com/image.png' } }]);
const SCREENSHOT = {
  type: 'computer_call_output',
  call_id: 'call_0',
  output: { image_url: 'https://example.com/screen.png' },
};
const texts = (...all: readonly string[]) => user(all.map((text) => ({ type: 'text', text })));

it.each<[string, readonly unknown[], unknown]>([
  ['the message of the user', [USER], USER],
  ['its newest message', [user('Hi'), ASKING, USER], USER],
  ['it before an answer that was begun', [USER, { role: 'assistant', content: 'It is' }], USER],
  ['it with the result of a tool', [USER, ASKING, RESULT], [USER, RESULT]],
  ['it with the newest result', [USER, ASKING, { ...RESULT, content: 'no' }, ASKING, RESULT], [USER, RESULT]],
  ['it with a result over Responses', [USER, CALL, OUTPUT, { type: 'reasoning' }], [USER, OUTPUT]],
  ['a text as long as is kept', [user(TEXT)], user(TEXT)],
  ['several texts', [texts(TEXT.slice(100), 'x')], texts(TEXT.slice(100), 'x')],
  ['it with an image', [IMAGE], IMAGE],
  ['it with a screenshot', [USER, SCREENSHOT], [USER, SCREENSHOT]],
])('the last messages for a model are %s', (_, items, expected) => {
  expect(lastMessages(items)).toEqual(expected);
});

it.each<[string, readonly unknown[]]>([
  ['no message', []],
  ['no message of a user', [{ role: 'system', content: 'Be kind.' }, ASKING, RESULT]],
  ['a long text', [user(`${TEXT}x`)]],
  ['long texts', [texts(TEXT, 'x')]],
  ['a long result', [USER, OUTPUT, { ...OUTPUT, output: TEXT }]],
  ['a result that is long with the message', [user(TEXT), ASKING, RESULT]],
  ['a message without content', [user(null)]],
])('nothing is kept of %s', (_, items) => {
  expect(lastMessages(items)).toBeUndefined();
  expect(fingerprintOfMessages(lastMessages(items))).toBeUndefined();
});

it('nothing is kept of a long text that is the whole input', () => {
  expect(lastMessages(TEXT)).toEqual(user(TEXT));
  expect(lastMessages(`${TEXT}x`)).toBeUndefined();
});

it('an image is not serialized', () => {
  const url = 'A'.repeat(1_000_000);
  const content = [{ type: 'image_url', image_url: { url, toJSON: () => expect.fail('It is serialized.') } }];
  expect(fingerprintOfMessages(lastMessages([user(content)]))).toBeUndefined();
});
