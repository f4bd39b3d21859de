import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChatAccumulator } from '../../../src/operations/chat/accumulator.ts';

const HEAD = { id: 'chatcmpl-1', model: 'gpt-4o', service_tier: 'default', system_fingerprint: 'fp_1' };
const { service_tier: _, system_fingerprint: __, ...LATER } = HEAD;

const LIMITS = { text: 10_000, span: 100_000, answer: 1_000_000 };

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
  [
    'if complete calls share the index 0 and have no id',
    ['0 - look {}', '0 - add {"a":1}', '0 - add {"a":2}', '0 - look []'],
    ['- look {}', '- add {"a":1}', '- add {"a":2}', '- look []'],
  ],
  [
    'if calls without an id or arguments share the index 0',
    ['0 - look -', '0 - add {"a":', '0 - - 1}'],
    ['- look -', '- add {"a":1}'],
  ],
  [
    'if the name is repeated without an id',
    ['0 - add {"a":{', '0 - add "b":', '0 - add 1}}'],
    ['- add {"a":{"b":1}}'],
  ],
  ['if the name comes in pieces', ['0 call_1 a -', '0 - dd {"a"', '0 - - :1}'], ['call_1 add {"a":1}']],
  ['if the id comes last', ['0 - add {"a"', '0 call_1 add :1}'], ['call_1 add {"a":1}']],
  ['if only the second call has an id', ['0 - look {}', '0 call_2 add {}'], ['- look {}', 'call_2 add {}']],
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
    .map(([id, name, args = '']) => ({ id, type: 'function', function: { name, arguments: args } }));
  const { choices } = result as { choices: [{ message: { tool_calls: unknown[] } }] };
  expect(choices[0].message.tool_calls).toEqual(whole);
});

type Calls = {
  readonly id?: string;
  readonly function: { readonly name: string; readonly arguments: string };
}[];

function callsIn(result: unknown): Calls {
  return (result as { choices: [{ message: { tool_calls: Calls } }] }).choices[0].message.tool_calls;
}

describe('a call that is split anywhere stays one call', () => {
  const call = fc.record({
    name: fc.stringMatching(/^[a-z_]{1,12}$/),
    args: fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
  });
  const split = (text: string, cuts: readonly number[]): string[] => {
    const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
    return places.slice(1).map((end, index) => text.slice(places[index], end));
  };

  test.each<[string, id: string | undefined, repeatsName: boolean, index: number | undefined]>([
    ['with an id in its first piece', 'call_1', false, 0],
    ['with its name in each piece', 'call_1', true, 0],
    ['without an id', undefined, false, 0],
    ['without an id, but with its name in each piece', undefined, true, 0],
    ['without an id or an index', undefined, false, undefined],
  ])('%s', (_what, id, repeatsName, index) => {
    fc.assert(
      fc.property(call, fc.array(fc.nat(), { maxLength: 6 }), ({ name, args }, cuts) => {
        const whole = JSON.stringify(args);
        const pieces = split(whole, cuts).map((piece, position) => ({
          ...(index === undefined ? {} : { index }),
          id: position === 0 ? id : undefined,
          function: { ...(position === 0 || repeatsName ? { name } : {}), arguments: piece },
        }));
        const calls = callsIn(accumulate(pieces.map((piece) => delta({ tool_calls: [piece] }))));
        expect(calls.map(({ function: called }) => called)).toEqual([{ name, arguments: whole }]);
      }),
    );
  });

  test('and complete calls without ids stay as many as they are', () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 8 }), (calls) => {
        const sent = calls.map(({ name, args }) => ({ name, arguments: JSON.stringify(args) }));
        const pieces = sent.map((called) => delta({ tool_calls: [{ index: 0, id: '', function: called }] }));
        expect(callsIn(accumulate(pieces)).map(({ function: called }) => called)).toEqual(sent);
      }),
    );
  });
});

describe('a chunk is read whole', () => {
  const call = { index: 0, id: 'call_1', function: { name: 'add', arguments: { b: 1, a: [2] } } };
  const called = [
    { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"b":1,"a":[2]}' } },
  ];
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,aGVsbG8=' } };

  test.each<[string, choice: object, message: object]>([
    ['a delta beside a text', { delta: { content: 'Hi' }, text: 'no' }, { content: 'Hi' }],
    [
      'a delta beside the message so far',
      { delta: { content: 'Hi' }, message: { content: 'no' } },
      { content: 'Hi' },
    ],
    ['an empty delta beside a text', { delta: {}, text: 'no' }, { content: '' }],
    ['a message beside a text', { delta: null, message: { content: 'Hi' }, text: 'no' }, { content: 'Hi' }],
    ['a text', { text: 'Hi' }, { content: 'Hi' }],
    ['a call without a list', { delta: { tool_calls: call } }, { tool_calls: called }],
    ['a list of calls', { delta: { tool_calls: [call] } }, { tool_calls: called }],
    [
      'a function beside an empty custom tool',
      { delta: { tool_calls: [{ ...call, custom: { name: '', input: '' } }] } },
      { tool_calls: called },
    ],
    ['reasoning_text', { delta: { reasoning_text: 'Hm' } }, { reasoning_content: 'Hm' }],
    [
      'reasoning_details',
      {
        delta: {
          reasoning_details: [
            { type: 'reasoning.text', text: 'Hm' },
            { type: 'reasoning.summary', summary: '.' },
            { type: 'reasoning.encrypted', data: 'secret' },
          ],
        },
      },
      { reasoning_content: 'Hm.' },
    ],
    ['images', { delta: { images: [image] } }, { images: [image] }],
    [
      'images that are URLs',
      { delta: { images: ['u'] } },
      { images: [{ type: 'image_url', image_url: 'u' }] },
    ],
    [
      'an image in the content',
      { delta: { content: ['A ', { type: 'text', text: 'cat' }, image] } },
      { content: 'A cat', images: [image] },
    ],
  ])('%s', (_what, choice, message) => {
    expect(accumulate([chunk({ index: 0, ...choice })])).toMatchObject({ choices: [{ message }] });
  });

  test('an image that is too large is left out whole, and further images have a mark', () => {
    const url = `data:image/png;base64,${'A'.repeat(9_000_000)}`;
    const images = Array.from({ length: 200 }, () => 'u');
    const result = accumulate([
      delta({ images: [{ type: 'image_url', image_url: { url } }] }),
      delta({ images }),
    ]);
    const [{ message }] = (result as { choices: [{ message: { images: { image_url?: unknown }[] } }] })
      .choices;
    expect(message.images[0]?.image_url).toEqual({ url: '', original_length: url.length });
    expect(message.images.slice(127)).toEqual([{ type: 'image_url', image_url: 'u' }, { type: 'omitted' }]);
  });
});

test('a later chunk never erases what an earlier one said', () => {
  const names = fc.record({
    id: fc.constantFrom('', null, undefined, 'chatcmpl-1'),
    model: fc.constantFrom('', null, undefined, 5, 'gpt-4o'),
    service_tier: fc.constantFrom('', null, undefined, 'flex'),
    system_fingerprint: fc.constantFrom('', null, undefined, 'fp_1'),
    usage: fc.constantFrom(null, undefined, {}, USAGE),
  });
  fc.assert(
    fc.property(fc.array(names, { minLength: 1 }), (chunks) => {
      const result = accumulate(chunks.map((each) => ({ ...each, choices: [] }))) as Record<string, unknown>;
      for (const [key, value] of Object.entries({ ...HEAD, service_tier: 'flex', usage: USAGE })) {
        const isSaid = chunks.some((each) => Object.is(each[key as keyof (typeof chunks)[0]], value));
        if (isSaid) expect(result[key]).toEqual(value);
      }
    }),
  );
});

describe('an answer without a finish reason', () => {
  const said = delta({ content: 'Hi' });
  const asked = delta({
    tool_calls: [{ index: 0, id: 'call_1', function: { name: 'add', arguments: '{}' } }],
  });
  const end = { choices: [], usage: USAGE };

  test.each<[string, readonly object[], end: boolean, reason: string | undefined]>([
    ['is over once a chunk has the usage alone', [said, end], true, 'stop'],
    ['is over even if the chunk has no choices at all', [said, { usage: USAGE }], true, 'stop'],
    ['has asked for a tool', [asked, end], true, 'tool_calls'],
    ['is cut without a usage', [said], false, undefined],
    ['is cut if each chunk has choices and a usage', [{ ...said, usage: USAGE }], false, undefined],
    ['is cut if it continues after a usage', [said, end, said], false, undefined],
    ['is cut if there is only a usage', [end], false, undefined],
  ])('%s', (_what, chunks, hasEnd, reason) => {
    const accumulator = new ChatAccumulator(LIMITS);
    for (const each of chunks) accumulator.add(each);
    expect(accumulator.hasEnd).toBe(hasEnd);
    const { choices } = accumulator.result() as { choices: { finish_reason?: string }[] };
    expect(choices[0]?.finish_reason).toBe(reason);
  });
});

test('an error of Groq is the error of each choice', () => {
  const error = { x_groq: { error: 'stopped' }, choices: [] };
  expect(accumulate([error])).toMatchObject({ choices: [{ index: 0, error: 'stopped' }] });
  const accumulator = new ChatAccumulator(undefined);
  for (const each of [delta({ content: 'Hi' }), chunk({ index: 1, delta: {} }), error]) accumulator.add(each);
  expect(accumulator.hasEnd).toBe(true);
  expect(accumulator.result()).toMatchObject({ choices: [{ error: 'stopped' }, { error: 'stopped' }] });
});

test('what a filter has blocked is kept without content, and what it found is not', () => {
  const filters = {
    hate: { filtered: true, severity: 'medium' },
    violence: { filtered: false, severity: 'safe' },
    'My secret list': { filtered: true },
    protected_material_code: { filtered: true, detected: true, citation: { URL: 'secret' } },
  };
  const choice = { index: 0, delta: {}, content_filter_results: filters };
  const ended = { ...choice, finish_reason: 'content_filter', content_filter_results: {} };
  expect(accumulate([chunk(choice), chunk(ended)], false)).toMatchObject({
    choices: [
      {
        content_filter_results: {
          hate: { filtered: true, severity: 'medium' },
          protected_material_code: { filtered: true, severity: undefined },
        },
      },
    ],
  });
});

test.each<[string, delta: object, isToken: boolean]>([
  ['a role', { role: 'assistant', content: '' }, false],
  [
    'the name of a tool',
    { tool_calls: [{ index: 0, id: 'call_1', function: { name: 'add', arguments: '' } }] },
    false,
  ],
  ['the id of audio', { audio: { id: 'audio_1', transcript: '' } }, false],
  ['an image', { images: ['u'] }, false],
  ['encrypted reasoning', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }, false],
  ['a text', { content: 'Hi' }, true],
  ['reasoning', { reasoning: 'Hm' }, true],
  ['a refusal', { refusal: 'No' }, true],
  ['an argument', { tool_calls: [{ index: 0, function: { arguments: '{' } }] }, true],
  ['an argument of a function', { function_call: { arguments: '{' } }, true],
  ['audio', { audio: { data: 'aGk=' } }, true],
])('the first token of a stream: %s', (_what, given, isToken) => {
  const accumulator = new ChatAccumulator(undefined);
  accumulator.add(delta(given));
  expect(accumulator.hasToken).toBe(isToken);
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
