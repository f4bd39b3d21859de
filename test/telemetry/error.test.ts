import { describe, expect, test } from 'vitest';
import { readFailure } from '../../src/telemetry/error.ts';

class RateLimitError extends Error {
  code?: unknown;
  constructor(code?: unknown) {
    super('secret');
    this.code = code;
  }
}

describe('an error is named', () => {
  test.each<[string, unknown, string]>([
    ['by its code', new RateLimitError('rate_limit_exceeded'), 'rate_limit_exceeded'],
    ['by its class where it has none', new RateLimitError(), 'RateLimitError'],
    ['by its class where the code is no word', new RateLimitError('Your prompt: secret'), 'RateLimitError'],
    ['by its class where the code is endless', new RateLimitError('x'.repeat(65)), 'RateLimitError'],
    ['by its class where the code is a number', new RateLimitError(429), 'RateLimitError'],
    ['by its kind where the platform gave up', new DOMException('secret', 'AbortError'), 'AbortError'],
    ['as other where it is a plain object', { message: 'secret' }, '_OTHER'],
    ['as other where it has no class', Object.create(null), '_OTHER'],
    ['as other where it is a text', 'secret', '_OTHER'],
    ['as other where it is nothing', undefined, '_OTHER'],
    ['as other where its class has no name', new (class extends Error {})(), '_OTHER'],
  ])('%s', (_, error, type) => {
    expect(readFailure(error).type).toBe(type);
  });

  test('and one that throws when it is looked at is other too', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    const { type, message } = readFailure(hostile);
    expect([type, message]).toEqual(['_OTHER', undefined]);
  });
});
