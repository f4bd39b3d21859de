import { describe, expect, test } from 'vitest';
import { ChatAccumulator } from '../../../src/operations/chat/accumulator.ts';

const HEAD = { id: 'chatcmpl-1', model: 'gpt-4o', service_tier: 'default', system_fingerprint: 'fp_1' };

const LIMITS = { text: 1_000, span: 10_000, answer: 100_000 };

function accumulate(chunks: readonly unknown[], content: boolean = true): unknown {
  const accumulator = new ChatAccumulator(content ? LIMITS : undefined);
  for (const chunk of chunks) accumulator.add(chunk);
  return accumulator.result();
}

function chunk(...choices: readonly object[]): object {
  return { ...HEAD, choices };
}

test('text, refusal and reasoning are accumulated for each choice', () => {
  const result = accumulate([
    chunk({ index: 0, delta: { role: 'assistant', content: 'Hel' } }),
    chunk(
      { index: 1, delta: { refusal: 'No' } },
      { index: 0, delta: { content: 'lo', reasoning_content: 'Hm' } },
    ),
    chunk({ index: 1, delta: { refusal: '.' }, finish_reason: 'stop' }),
    chunk({ index: 0, delta: { reasoning_content: '.' }, finish_reason: 'length' }),
  ]);
  expect(result).toMatchObject({
    ...HEAD,
    choices: [
      {
        index: 0,
        finish_reason: 'length',
        message: { role: 'assistant', content: 'Hello', reasoning_content: 'Hm.' },
      },
      { index: 1, finish_reason: 'stop', message: { refusal: 'No.' } },
    ],
  });
});

describe('the pieces of a tool call are found', () => {
  const LOOK = { name: 'look', arguments: '{}' };
  const ADD = { name: 'add', arguments: '{"a":1}' };
  const piece = (name: string | undefined, given: string): object => ({
    function: { name, arguments: given },
  });

  test.each<[string, readonly object[], readonly object[]]>([
    [
      'if all calls have index 0',
      [
        { index: 0, id: 'call_1', ...piece('look', '{}') },
        { index: 0, id: 'call_2', ...piece('add', '{"a"') },
        { index: 0, ...piece(undefined, ':1}') },
      ],
      [
        { id: 'call_1', function: LOOK },
        { id: 'call_2', function: ADD },
      ],
    ],
    [
      'if calls have neither index nor id',
      [piece('look', '{}'), piece('add', '{"a"'), piece(undefined, ':1}')],
      [{ function: LOOK }, { function: ADD }],
    ],
    [
      'if calls without an index alternate',
      [
        { id: 'call_1', ...piece('add', '{"a"') },
        { id: 'call_2', ...piece('look', '{}') },
        { id: 'call_1', ...piece('add', ':1}') },
      ],
      [
        { id: 'call_1', function: ADD },
        { id: 'call_2', function: LOOK },
      ],
    ],
    [
      'if the id changes with each piece',
      [
        { index: 0, id: 'call_1', ...piece('add', '{"a"') },
        { index: 0, id: 'call_2', ...piece('', ':1}') },
      ],
      [{ id: 'call_2', function: ADD }],
    ],
    [
      'if each has the name',
      [
        { index: 0, id: 'call_1', ...piece('add', '{"a"') },
        { index: 0, id: 'call_1', ...piece('add', ':1}') },
      ],
      [{ id: 'call_1', function: ADD }],
    ],
    [
      'if the second call begins first',
      [
        { index: 1, id: 'call_2', ...piece('add', '{"a"') },
        { index: 0, id: 'call_1', ...piece('look', '{}') },
        { index: 1, ...piece(undefined, ':1}') },
      ],
      [
        { id: 'call_1', function: LOOK },
        { id: 'call_2', function: ADD },
      ],
    ],
  ])('%s', (_, pieces, calls) => {
    const result = accumulate(pieces.map((one) => chunk({ index: 0, delta: { tool_calls: [one] } })));
    expect(result).toMatchObject({ choices: [{ message: { tool_calls: calls } }] });
    const { choices } = result as { choices: [{ message: { tool_calls: unknown[] } }] };
    expect(choices[0].message.tool_calls).toHaveLength(calls.length);
  });
});

test('audio stays as it is if it is not base64', () => {
  const result = accumulate(['a=', '?'].map((data) => chunk({ index: 0, delta: { audio: { data } } })));
  expect(result).toMatchObject({ choices: [{ message: { audio: { data: 'a=?' } } }] });
});

test('the last chunk with usage counts', () => {
  expect(
    accumulate([{ ...HEAD, usage: null }, { ...HEAD, choices: [], usage: { prompt_tokens: 1 } }, HEAD]),
  ).toMatchObject({
    usage: { prompt_tokens: 1 },
  });
});

test('usage is found where Groq puts it', () => {
  const usage = { queue_time: 0.1, prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };
  expect(
    accumulate([
      { ...HEAD, x_groq: { id: 'req_1' } },
      { ...HEAD, x_groq: { usage } },
    ]),
  ).toMatchObject({
    usage,
  });
});

describe('usage is found where Moonshot puts it', () => {
  const usage = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };
  const end = (index: number): object => chunk({ index, delta: {}, finish_reason: 'stop', usage });

  test('in the choice', () => {
    const again = chunk({ index: 0, delta: {}, finish_reason: 'stop' });
    expect(accumulate([end(0), again])).toMatchObject({ usage });
  });

  test('but not the usage of one choice among several', () => {
    expect(accumulate([end(0), end(1)])).toMatchObject({ usage: undefined });
  });
});

test('a service tier that only the first chunk reports is kept', () => {
  const { service_tier: _, system_fingerprint: __, ...rest } = HEAD;
  expect(accumulate([{ ...HEAD, service_tier: 'flex' }, rest])).toMatchObject({
    service_tier: 'flex',
    system_fingerprint: 'fp_1',
  });
});

test('a chunk without an index changes nothing', () => {
  // The first chunk of an Azure stream reports the filters only.
  expect(accumulate([{ id: '', model: '', choices: [] }, chunk(), null, 5])).toMatchObject(HEAD);
});

test('without content, only the names of calls are kept', () => {
  const deltas = [
    { content: 'secret' },
    { function_call: { name: 'add', arguments: 'secret' } },
    { tool_calls: [{ index: 0, custom: { name: 'shell', input: 'secret' } }] },
    { audio: { transcript: 'secret', data: 'secret' } },
  ];
  const result = accumulate(
    deltas.map((delta) => chunk({ index: 0, delta })),
    false,
  );
  expect(result).toMatchObject({
    choices: [
      {
        message: {
          function_call: { name: 'add', arguments: '' },
          tool_calls: [{ type: 'custom', custom: { name: 'shell', input: '' } }],
        },
      },
    ],
  });
  expect(JSON.stringify(result)).not.toContain('secret');
});

test('an absurd index allocates nothing', () => {
  const tooFar = { index: 0, delta: { tool_calls: [{ index: 128, function: { name: 'x' } }] } };
  const result = accumulate([
    chunk({ index: 2 ** 40, delta: { content: 'x' }, finish_reason: 'stop' }),
    chunk({ index: 128, delta: { content: 'x' } }),
    chunk(tooFar),
  ]);
  expect(result).toMatchObject({ choices: [{ index: 0, message: { tool_calls: [] } }] });
});

describe('a field that throws loses only itself', () => {
  const throwing = (name: string, rest: object): object =>
    Object.defineProperty({ ...rest }, name, {
      enumerable: true,
      get() {
        throw new Error('It cannot be read.');
      },
    });
  const hello = { index: 0, delta: { content: 'Hello' } };

  test.each<[string, object]>([
    ['chunk', throwing('usage', chunk(hello))],
    ['choice', chunk(hello, throwing('finish_reason', { index: 1, delta: { content: 'Hello' } }))],
    ['message', chunk(hello, { index: 1, delta: throwing('refusal', { content: 'Hello' }) })],
  ])('of a %s', (_, hostile) => {
    const choices = (hostile as { choices: object[] }).choices.map((_choice, index) => ({
      index,
      message: { content: 'Hello' },
    }));
    expect(accumulate([hostile])).toMatchObject({ ...HEAD, choices });
  });
});

test('an answer has no end while a choice has none, even if no content is kept', () => {
  const accumulator = new ChatAccumulator(undefined);
  accumulator.add(chunk({ index: 1, delta: { content: 'Hi' } }));
  accumulator.add(chunk({ index: 0, delta: {}, finish_reason: 'stop' }));
  expect(accumulator.hasEnd).toBe(false);
  accumulator.add(chunk({ index: 1, delta: {}, finish_reason: 'stop' }));
  expect(accumulator.hasEnd).toBe(true);
});

test('a chunk says whether it completes a choice', () => {
  const accumulator = new ChatAccumulator(undefined);
  const finished = (index: number): object => ({ index, delta: {}, finish_reason: 'stop' });
  const completed = [
    chunk({ index: 0, delta: { content: 'Hello' }, finish_reason: null }),
    chunk(finished(0)),
    chunk({ index: 1, delta: { content: 'Hi' } }),
    chunk(finished(2), { index: 1, delta: { content: '!' } }),
    chunk({
      ...finished(1),
      get delta() {
        throw new Error('no delta');
      },
    }),
    { ...HEAD, choices: [], usage: { prompt_tokens: 1 } },
    { ...HEAD },
  ].map((one) => accumulator.add(one) === true);
  expect(completed).toEqual([false, true, false, true, true, false, false]);
});
