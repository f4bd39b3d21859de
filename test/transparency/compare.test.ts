import { describe, expect, test } from 'vitest';
import { differences, steady, steadyRequests } from './compare.ts';
import { describe as describeValue } from './runtime/describe.mjs';

/** What is found between two values that programs hand over. */
function found(plain: unknown, instrumented: unknown): string[] {
  return differences(steady(describeValue(plain)), steady(describeValue(instrumented)));
}

class Completion {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

describe('a difference for the program is found in', () => {
  const hidden = Object.defineProperty({ id: 'a' }, '_request_id', { value: 'req_1' });
  test.each<[string, unknown, unknown]>([
    ['a value', { id: 'a' }, { id: 'b' }],
    ['a missing value', { id: 'a', choices: [] }, { id: 'a' }],
    ['undefined instead of null', { usage: null }, { usage: undefined }],
    ['an additional item', [1, 2], [1, 2, 3]],
    ['the order of properties', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['a hidden property', hidden, { id: 'a' }],
    ['a property that is no longer hidden', hidden, { id: 'a', _request_id: 'req_1' }],
    ['another class', new Completion('a'), { id: 'a' }],
    ['an error’s message', new Error('a'), new Error('b')],
    ['an error’s class', new TypeError('a'), new Error('a')],
    ['an error’s cause', new Error('a', { cause: 1 }), new Error('a', { cause: 2 })],
    ['a header', new Headers({ a: 'b' }), new Headers({ a: 'c' })],
    ['the body of a response that was read', new Response('a'), read(new Response('a'))],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    ['a function’s name', function first() {}, function second() {}],
    ['another object', sharing(), structuredClone(sharing())],
  ])('%s', (_, plain, instrumented) => {
    expect(found(plain, instrumented)).not.toEqual([]);
    expect(found(plain, plain)).toEqual([]);
  });

  function read(response: Response): Response {
    void response.text();
    return response;
  }

  /** One that contains itself, and whose copy is a plain object. */
  function sharing(): object {
    const value: { self?: unknown; entry: unknown } = { entry: new Completion('a') };
    value.self = value;
    return value;
  }
});

test('differences between any two runs are ignored', () => {
  const [one, other] = [1_700_000_000, 1_700_000_009].map((created) => ({
    created,
    url: `http://127.0.0.1:${created % 60_000}/v1`,
    text: `{"created_at":${created}}`,
    headers: new Headers({ date: new Date(created * 1e3).toUTCString() }),
    key: crypto.randomUUID(),
  }));
  expect(found(one, other)).toEqual([]);
});

describe('requests', () => {
  const request = { method: 'POST', path: '/v1/files', headers: {}, body: { a: 1 }, aborted: false };

  test('differ by a header, by their number, and by their order', () => {
    const other = { ...request, headers: { 'x-extra': 'yes' } };
    const shown = steadyRequests([request, other], false);
    expect(differences(shown, steadyRequests([request, request], false))).not.toEqual([]);
    expect(differences(shown, steadyRequests([request], false))).not.toEqual([]);
    expect(differences(shown, steadyRequests([other, request], false))).not.toEqual([]);
    expect(
      differences(steadyRequests([request, other], true), steadyRequests([other, request], true)),
    ).toEqual([]);
  });

  test('do not differ by the random boundary of a multipart body', () => {
    const [one, other] = ['first', 'second'].map((boundary) => ({
      ...request,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: `--${boundary}\r\nthe same\r\n--${boundary}--`,
    }));
    if (one === undefined || other === undefined) throw new Error('There are two.');
    expect(differences(steadyRequests([one], false), steadyRequests([other], false))).toEqual([]);
  });
});
