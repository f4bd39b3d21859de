import { describe, expect, test } from 'vitest';
import { ChatAccumulator } from '../../../src/operations/chat/accumulator.ts';

const HEAD = { id: 'chatcmpl-1', model: 'gpt-4o', service_tier: 'default', system_fingerprint: 'fp_1' };
const { service_tier: _, system_fingerprint: __, ...LATER } = HEAD;

const LIMITS = { text: 1_000, span: 10_000, answer: 100_000 };

function accumulate(chunks: readonly unknown[], content: boolean = true): unknown {
  const accumulator = new ChatAccumulator(content ? LIMITS : undefined);
  for (const chunk of chunks) accumulator.add(chunk);
  return accumulator.result();
}

function chunk(...choices: readonly object[]): object {
  return { ...HEAD, choices };
}

function delta(given: object): object {
  return chunk({ index: 0, delta: given });
}

function finished(index: number, more: object = {}): object {
  return { index, delta: {}, finish_reason: 'stop', ...more };
}

/** The pieces, each with its index, id, name and arguments, and the whole calls; `-` stands for what is missing. */
test.each<[string, pieces: readonly string[], calls: readonly string[]]>([
  [
    'if all calls have index 0',
    ['0 call_1 look {}', '0 call_2 add {"a"', '0 - - :1}'],
    ['call_1 look {}', 'call_2 add {"a":1}'],
  ],
  [
    'if calls have neither index nor id',
    ['- - look {}', '- - add {"a"', '- - - :1}'],
    ['- look {}', '- add {"a":1}'],
  ],
  [
    'if calls without an index alternate',
    ['- call_1 add {"a"', '- call_2 look {}', '- call_1 add :1}'],
    ['call_1 add {"a":1}', 'call_2 look {}'],
  ],
  ['if the id changes with each piece', ['0 call_1 add {"a"', '0 call_2 - :1}'], ['call_2 add {"a":1}']],
  ['if each has the name', ['0 call_1 add {"a"', '0 call_1 add :1}'], ['call_1 add {"a":1}']],
  [
    'if the second call begins first',
    ['1 call_2 add {"a"', '0 call_1 look {}', '1 - - :1}'],
    ['call_1 look {}', 'call_2 add {"a":1}'],
  ],
])('the pieces of a tool call are found %s', (_what, pieces, calls) => {
  const given = (text: string): (string | undefined)[] =>
    text.split(' ').map((each) => (each === '-' ? undefined : each));
  const result = accumulate(
    pieces.map(given).map(([index, id, name, args]) => {
      const call = { id, function: { name, arguments: args } };
      return delta({ tool_calls: [index === undefined ? call : { ...call, index: Number(index) }] });
    }),
  );
  const whole = calls
    .map(given)
    .map(([id, name, args]) => ({ id, type: 'function', function: { name, arguments: args } }));
  const { choices } = result as { choices: [{ message: { tool_calls: unknown[] } }] };
  expect(choices[0].message.tool_calls).toEqual(whole);
});

test('audio stays as it is if it is not base64', () => {
  const result = accumulate(['a=', '?'].map((data) => delta({ audio: { data } })));
  expect(result).toMatchObject({ choices: [{ message: { audio: { data: 'a=?' } } }] });
});

const USAGE = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };

test.each<[string, readonly object[], object]>([
  ['the last usage', [{ ...HEAD, usage: null }, { ...HEAD, usage: USAGE }, HEAD], { usage: USAGE }],
  ['usage where Groq puts it', [{ x_groq: { id: 'req_1' } }, { x_groq: { usage: USAGE } }], { usage: USAGE }],
  [
    'usage in the choice, where Moonshot puts it',
    [chunk(finished(0, { usage: USAGE })), chunk(finished(0))],
    { usage: USAGE },
  ],
  [
    'no usage of one choice among several',
    [chunk(finished(0, { usage: USAGE })), chunk(finished(1, { usage: USAGE }))],
    { usage: undefined },
  ],
  [
    'the service tier that only the first chunk reports',
    [{ ...HEAD, service_tier: 'flex' }, LATER],
    { service_tier: 'flex', system_fingerprint: 'fp_1' },
  ],
  // The first chunk of an Azure stream reports the filters only.
  [
    'the id and model of later chunks',
    [{ id: '', model: '', choices: [] }, chunk(), null, 5] as object[],
    HEAD,
  ],
])('chunks give %s', (_what, chunks, expected) => {
  expect(accumulate(chunks)).toMatchObject(expected);
});

test('without content, only the names of calls are kept', () => {
  const deltas = [
    { content: 'secret' },
    { function_call: { name: 'add', arguments: 'secret' } },
    { tool_calls: [{ index: 0, custom: { name: 'shell', input: 'secret' } }] },
    { audio: { transcript: 'secret', data: 'secret' } },
  ];
  const result = accumulate(deltas.map(delta), false);
  const function_call = { name: 'add', arguments: '' };
  const tool_calls = [{ type: 'custom', custom: { name: 'shell', input: '' } }];
  expect(result).toMatchObject({ choices: [{ message: { function_call, tool_calls } }] });
  expect(JSON.stringify(result)).not.toContain('secret');
});

test('an absurd index allocates nothing', () => {
  const result = accumulate([
    chunk({ index: 2 ** 40, delta: { content: 'x' }, finish_reason: 'stop' }),
    chunk({ index: 128, delta: { content: 'x' } }),
    delta({ tool_calls: [{ index: 128, function: { name: 'x' } }] }),
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
    ['choice', chunk(throwing('finish_reason', hello))],
    ['message', chunk({ index: 0, delta: throwing('refusal', { content: 'Hello' }) })],
  ])('of a %s', (_what, hostile) => {
    expect(accumulate([hostile])).toMatchObject({ ...HEAD, choices: [{ message: { content: 'Hello' } }] });
  });
});

test('each chunk says whether it completes a choice, and the answer has no end while a choice has none', () => {
  const accumulator = new ChatAccumulator(undefined);
  const seen = [
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
    { ...HEAD, choices: [], usage: USAGE },
    HEAD,
  ].map((one) => [accumulator.add(one) === true, accumulator.hasEnd]);
  expect(seen).toEqual([
    [false, false],
    [true, true],
    [false, false],
    [true, false],
    [true, true],
    [false, true],
    [false, true],
  ]);
});

test('a call beyond the limit is counted once, by the piece with its id', () => {
  const accumulator = new ChatAccumulator(LIMITS);
  for (const id of ['call_1', undefined, undefined])
    accumulator.add(delta({ tool_calls: [{ index: 2 ** 40, id, function: { arguments: '{' } }] }));
  expect(accumulator.skippedCalls).toBe(1);
});
