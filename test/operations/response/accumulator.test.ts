import { expect, test } from 'vitest';
import { ResponseAccumulator } from '../../../src/operations/response/accumulator.ts';

const CREATED = { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', output: [] } };

const LIMITS = { text: 1_000, span: 10_000, answer: 100_000 };

function accumulate(events: readonly unknown[], content = true): unknown {
  const accumulator = new ResponseAccumulator(content ? LIMITS : undefined);
  for (const event of events) accumulator.add(event);
  return accumulator.result();
}

function added(index: number, item: object): object {
  return { type: 'response.output_item.added', output_index: index, item };
}

function itemDone(item: object): object {
  return { type: 'response.output_item.done', output_index: 0, item };
}

function piece(type: string, output_index: number, part: object, delta: string): object {
  return { type: `response.${type}.delta`, output_index, ...part, delta };
}

test('a last event without items gets the items seen before', () => {
  const item = { type: 'message', id: 'msg_1' };
  const end = { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } };
  expect(accumulate([CREATED, itemDone(item), end])).toEqual({
    id: 'resp_1',
    status: 'completed',
    output: [item],
  });
});

test('an interrupted stream gives the created response with its items and each kind of text, in order', () => {
  const events = [
    CREATED,
    added(2, { type: 'function_call', call_id: 'call_1', arguments: '' }),
    added(0, { type: 'reasoning', summary: [] }),
    piece('function_call_arguments', 2, {}, '{"a"'),
    piece('reasoning_summary_text', 0, { summary_index: 1 }, 'Second'),
    piece('reasoning_text', 0, { content_index: 0 }, 'Why'),
    piece('reasoning_summary_text', 0, { summary_index: 0 }, 'First'),
    piece('reasoning_summary_text', 0, { summary_index: 1 }, '.'),
    added(1, { type: 'message', content: [] }),
    piece('refusal', 1, { content_index: 2 }, 'No'),
    piece('output_text', 1, { content_index: 0 }, 'One'),
    piece('output_text', 1, { content_index: 1 }, 'x'.repeat(2_000)),
    piece('refusal', 1, { content_index: 2 }, '.'),
    piece('function_call_arguments', 2, {}, ':1}'),
  ];
  expect(accumulate(events)).toEqual({
    id: 'resp_1',
    status: 'in_progress',
    output: [
      {
        type: 'reasoning',
        summary: [
          { type: 'summary_text', text: 'First' },
          { type: 'summary_text', text: 'Second.' },
        ],
        content: [{ type: 'reasoning_text', text: 'Why' }],
      },
      {
        type: 'message',
        content: [
          { type: 'output_text', text: 'One' },
          { type: 'output_text', text: 'x'.repeat(1_000), original_length: 2_000 },
          { type: 'refusal', refusal: 'No.' },
        ],
      },
      { type: 'function_call', call_id: 'call_1', arguments: '{"a":1}' },
    ],
  });
  expect(JSON.stringify(accumulate(events, false))).not.toMatch(/First|Why|One|No|:1}/);
});

test('a finished item is as in its last event', () => {
  const item = { type: 'message', content: [{ type: 'output_text', text: 'It is 4.' }] };
  const pieces = [piece('output_text', 0, {}, 'It'), piece('output_text', 0, { content_index: 1 }, 'is')];
  expect(
    accumulate([CREATED, added(0, { type: 'message', content: [] }), ...pieces, itemDone(item)]),
  ).toMatchObject({ output: [item] });
});

test('an error event is the error of the response', () => {
  const error = { type: 'error', code: 'server_error', message: 'It broke.' };
  expect(accumulate([CREATED, error])).toMatchObject({ id: 'resp_1', error: { code: 'server_error' } });
});

test.each([
  ['no events', [null, 5, 'text', [], {}]],
  [
    'events of wrong types',
    [
      { type: 5 },
      { type: 'response.completed', response: 'none' },
      added(-1, { type: 5 }),
      added(2 ** 40, {}),
      { type: 'response.output_text.delta', output_index: 7, delta: {} },
      { type: 'constructor' },
    ],
  ],
])('%s give a response without data', (_, events) => {
  expect(accumulate(events)).toEqual({ output: [] });
});

test('an event says whether it completes the response', () => {
  const accumulator = new ResponseAccumulator(undefined);
  const completed = ['created', 'in_progress', 'output_text.done', 'completed', 'incomplete', 'failed'].map(
    (type) => accumulator.add({ type: `response.${type}`, response: { id: 'resp_1' } }) === true,
  );
  expect(completed).toEqual([false, false, false, true, true, false]);
});

test('a later event never erases what an earlier one said', () => {
  const usage = { input_tokens: 3, output_tokens: 2 };
  const said = {
    id: 'resp_1',
    model: 'gpt-4o',
    service_tier: 'flex',
    usage,
    status: 'in_progress',
    output: [],
  };
  const end = { id: '', model: '', service_tier: null, usage: null, status: 'completed' };
  const events = [
    { type: 'response.created', response: said },
    { type: 'response.completed', response: end },
  ];
  expect(accumulate(events)).toEqual({ ...said, status: 'completed' });
});

test.each<[string, readonly object[]]>([
  ['in pieces', [added(0, { type: 'message', content: [] }), piece('refusal', 0, {}, 'secret')]],
  ['as a whole item', [itemDone({ type: 'message', content: [{ type: 'refusal', refusal: 'secret' }] })]],
])('a refusal %s is kept without its text if content is not recorded', (_, events) => {
  expect(accumulate([CREATED, ...events], false)).toMatchObject({
    output: [{ type: 'message', content: [{ type: 'refusal' }] }],
  });
  expect(JSON.stringify(accumulate([CREATED, ...events], false))).not.toContain('secret');
});

test.each<[string, object, isToken: boolean]>([
  ['the response', CREATED, false],
  ['an item that has begun', added(0, { type: 'message', content: [] }), false],
  ['a call that has begun', added(0, { type: 'function_call', name: 'add', arguments: '' }), false],
  ['encrypted reasoning', itemDone({ type: 'reasoning', summary: [], encrypted_content: 'x' }), false],
  ['an empty piece', piece('output_text', 0, {}, ''), false],
  ['a piece of text', piece('output_text', 0, {}, 'Hi'), true],
  ['a piece of arguments', piece('function_call_arguments', 0, {}, '{'), true],
  ['a piece of audio', piece('output_audio', 0, {}, 'aGk='), true],
  ['a whole message', itemDone({ type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }), true],
  ['a whole call', itemDone({ type: 'function_call', name: 'add', arguments: '{}' }), true],
  [
    'a whole response',
    { type: 'response.completed', response: { output: [{ type: 'reasoning', summary: [{ text: 'Hm' }] }] } },
    true,
  ],
])('the first token of a stream: %s', (_, event, isToken) => {
  const accumulator = new ResponseAccumulator(undefined);
  accumulator.add(event);
  expect(accumulator.hasToken).toBe(isToken);
});
