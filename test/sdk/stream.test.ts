import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Call, lostResults } from '../../src/sdk/call.ts';
import { isStream, watchStream } from '../../src/sdk/stream.ts';

type Watched = Parameters<typeof watchStream>[0];

function newCall(): Call {
  const call = new Call({}, { start: () => undefined }, ROOT_CONTEXT);
  call.begin({ stream: true });
  return call;
}

/** A stream as the SDK's are, with the call that is told of it and what was watched for loss. */
function watch(generate: () => AsyncGenerator<unknown>): {
  stream: Watched;
  call: Call;
  watched: () => unknown[];
} {
  const controller = new AbortController();
  const stream = { iterator: generate, controller } as unknown as Watched;
  const call = newCall();
  const register = vi.spyOn(lostResults, 'register');
  onTestFinished(() => register.mockRestore());
  watchStream(stream, call);
  return { stream, call, watched: () => register.mock.calls.map(([target]) => target) };
}

async function* letters(): AsyncGenerator<string> {
  yield 'a';
  yield 'b';
}

describe('a stream is recognised by its shape', () => {
  test.each<[string, unknown, boolean]>([
    [
      'an object with iterator and controller',
      { iterator: letters, controller: new AbortController() },
      true,
    ],
    ['an array', [], false],
    ['a web stream', new ReadableStream(), false],
    ['a value that has such fields', { iterator: 'a', controller: 'b' }, false],
    ['nothing', undefined, false],
    ['nothing', null, false],
  ])('%s: %s', (_, value, expected) => {
    expect(isStream(value)).toBe(expected);
  });
});

test('the reader gets the values of the original generator', async () => {
  const { stream, call, watched } = watch(letters);
  const iterator = stream.iterator();
  expect(watched()).toEqual([stream, iterator]);
  expect(Object.prototype.toString.call(iterator)).toBe('[object AsyncGenerator]');
  expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  expect([await iterator.next(), await iterator.next(), await iterator.next()]).toEqual([
    { value: 'a', done: false },
    { value: 'b', done: false },
    { value: undefined, done: true },
  ]);
  expect([call.chunkCount, call.streamEnd]).toEqual([2, 'completed']);
});

test('`return` and `throw` reach the generator', async () => {
  const reached: string[] = [];
  async function* generate(): AsyncGenerator<string> {
    try {
      yield 'a';
    } catch (error) {
      reached.push(String(error));
    } finally {
      reached.push('finally');
    }
  }
  const left = watch(generate);
  const first = left.stream.iterator();
  await first.next();
  expect(await first.return('r')).toEqual({ value: 'r', done: true });
  const thrown = watch(generate);
  const second = thrown.stream.iterator();
  await second.next();
  expect(await second.throw('t')).toEqual({ value: undefined, done: true });
  expect(reached).toEqual(['finally', 't', 'finally']);
  expect([left.call.streamEnd, thrown.call.streamEnd]).toEqual(['cancelled', 'error']);
});

test('a second generator is not watched', async () => {
  const { stream, call, watched } = watch(letters);
  stream.iterator();
  for await (const _ of stream.iterator());
  expect(watched()).toHaveLength(2);
  expect([call.chunkCount, call.outcome !== undefined]).toEqual([0, false]);
});

test('the iterator receives its arguments and receiver', () => {
  const seen: unknown[] = [];
  const { stream } = watch(function (this: unknown, ...args: unknown[]) {
    seen.push(this, ...args);
    return letters();
  });
  stream.iterator(1, 2);
  expect(seen).toEqual([stream, 1, 2]);
});
