import { expect, test } from 'vitest';
import { isStream } from '../../src/sdk/stream.ts';

test.each<[string, unknown, boolean]>([
  ['an object with iterator and controller', { iterator() {}, controller: new AbortController() }, true],
  ['an array', [], false],
  ['a web stream', new ReadableStream(), false],
  ['a value that has such fields', { iterator: 'a', controller: 'b' }, false],
  ['nothing', undefined, false],
  ['nothing', null, false],
])('a stream is recognised by its shape: %s, %s: %s', (_, value, expected) => {
  expect(isStream(value)).toBe(expected);
});
