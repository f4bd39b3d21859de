import { APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { readReported, readThrown } from '../../../src/telemetry/outcomes/failure.ts';

class RateLimitError extends Error {
  code?: unknown;
  constructor(code?: unknown) {
    super('secret');
    this.code = code;
  }
}

/** Its class has a static member `name`, which throws where it is to have none. */
class StrangeError extends Error {
  constructor(name: unknown) {
    super('secret');
    const get = (): unknown => {
      if (name === undefined) throw new Error('hostile');
      return name;
    };
    this.constructor = Object.defineProperty(() => undefined, 'name', { get });
  }
}

const nameless = (): Error => new (class extends Error {})();

/** An error of the API, or of a stream if it has no status. */
function apiError(status: number | undefined, code: number): APIError {
  return status === undefined
    ? new APIError(undefined, { code }, undefined, undefined)
    : APIError.generate(status, { code }, undefined, new Headers());
}

describe('an error is named', () => {
  test.each<[string, unknown, string]>([
    ['by its code', new RateLimitError('rate_limit_exceeded'), 'rate_limit_exceeded'],
    ['by its class if it has no code', new RateLimitError(), 'RateLimitError'],
    ['by its class if the code is not a word', new RateLimitError('Your prompt: secret'), 'RateLimitError'],
    ['by its class if the code is very long', new RateLimitError('x'.repeat(65)), 'RateLimitError'],
    ['by its class if the code is unknown', new RateLimitError('jane_doe'), 'RateLimitError'],
    ['by its code if that is a status', new RateLimitError('429'), '429'],
    ['by its code from Node', Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['by its status if its class has no name', Object.assign(nameless(), { status: 418 }), '418'],
    ['by its class if it is an unknown DOMException', new DOMException('', 'Jane'), 'DOMException'],
    ['as other if its class name is not an identifier', new StrangeError('Jane Doe'), '_OTHER'],
    ['by its class if the code is a number', new RateLimitError(429), 'RateLimitError'],
    ['by the status in an event of a stream', apiError(undefined, 500), '500'],
    ['by its class if that is no status', apiError(undefined, 7), 'APIError'],
    ['by its class if it has a status', apiError(429, 429), 'RateLimitError'],
    ['by its status if the SDK has no class for it', apiError(402, 402), '402'],
    ['by the status of a gateway', apiError(446, 7), '446'],
    ['by the status of a redirect', apiError(304, 7), '304'],
    ['by its class if its status is none', apiError(7, 7), 'APIError'],
    ...['server_is_overloaded', 'model_is_busy', 'service_temporarily_unavailable', 'ServerIsOverloaded'].map(
      (code): [string, unknown, string] => [`by its code ${code}`, new RateLimitError(code), code],
    ),
    ['by its name for aborts of the platform', new DOMException('secret', 'AbortError'), 'AbortError'],
    ['as other for a plain object', { message: 'secret' }, '_OTHER'],
    ['as other without a class', Object.create(null), '_OTHER'],
    ['as other for a text', 'secret', '_OTHER'],
    ['as other for undefined', undefined, '_OTHER'],
    ['as other if its class has no name', nameless(), '_OTHER'],
    ['as other if its class name is not text', new StrangeError(5), '_OTHER'],
    ['as other if its class name cannot be read', new StrangeError(undefined), '_OTHER'],
  ])('%s', (_, error, type) => {
    expect(readThrown(error).type).toBe(type);
  });

  test('_OTHER if it throws when it is read', () => {
    const get = (): never => {
      throw new Error('hostile');
    };
    const { type, message } = readThrown(new Proxy({}, { get }));
    expect([type, message]).toEqual(['_OTHER', undefined]);
  });
});

describe('an error message', () => {
  test.each<[string, string?]>([
    ['Incorrect API key provided: sk-proj-abc*123.', 'Incorrect API key provided: sk-REDACTED*123.'],
    ['Incorrect API key provided: 0123456789abcdef.', 'Incorrect API key provided: REDACTED'],
    ['{"authorization":"Bearer abc.def-ghi","x":1}', '{"authorization":"Bearer REDACTED","x":1}'],
    ['api_key=abc&model=gpt-4o', 'api_key=REDACTED&model=gpt-4o'],
    ['authorization: token abc', 'authorization: token REDACTED'],
    ['password: hunter2, try again', 'password: REDACTED, try again'],
    ['cannot reach https://user:pass@host.example/v1', 'cannot reach https://REDACTED@host.example/v1'],
    ['OPENAI_API_KEY=abc, client_secret: abc', 'OPENAI_API_KEY=REDACTED, client_secret: REDACTED'],
    ['{"access_token":"abc","x":1}', '{"access_token":"REDACTED","x":1}'],
    ['{\\"authorization\\": \\"Bearer abc\\"}', '{\\"authorization\\": \\"Bearer REDACTED"}'],
    [
      '{"log":"start\\nsk-proj-abcdef\\nBearer abc123def456\\tBasic YWRhOmFkYQ=="}',
      '{"log":"start\\nsk-REDACTED\\nBearer REDACTED\\tBasic REDACTED"}',
    ],
    ['password=hunter2\\nBasic YWRhOmFkYQ==', 'password=REDACTED REDACTED'],
    ['\x1b[31msk-proj-abcdef\x1b[0m \\u2022sk-proj-abcdef', '\x1b[31msk-REDACTED\x1b[0m \\u2022sk-REDACTED'],
    ['<a href="/b?token=abc">', '<a href="/b?token=REDACTED">'],
    ['cannot reach postgres://us@er:pass@db/x', 'cannot reach postgres://REDACTED@db/x'],
    ['{"max_tokens": 5, "cost-per-token": 0.5}'],
    ['maximum context length is 128 tokens'],
    ['see https://platform.openai.com/account/api-keys.'],
    ['write to help@openai.com'],
    [
      '{"input":{"url":"data:image/png;base64,AAAA","size":1}}',
      '{"input":{"url":"data:image/png;base64,…","size":1}}',
    ],
    [`{"input":{"file_data":"${'AB/+'.repeat(64)}=="}}`, '{"input":{"file_data":"…"}}'],
    [`no model ${'a-b_'.repeat(63)}`],
  ])('%s', (message, shown = message) => {
    expect(readThrown(new Error(message)).message).toBe(shown);
    expect(readReported({ message }, 'failed')).toEqual({ type: 'failed', message: shown });
    expect(readReported(message, 'failed')).toEqual({ type: 'failed', message: shown });
  });

  test('is searched for secrets in linear time', () => {
    const text = [
      'api key',
      ' '.repeat(1e6),
      '?a&'.repeat(1e5),
      'a_'.repeat(1e5),
      'basic aB',
      '://'.repeat(1e5),
      'Bearer '.repeat(1e5),
      'sk-'.repeat(1e5),
      ';base64,'.repeat(1e5),
      `${'A'.repeat(255)} `.repeat(1e3),
    ];
    for (const message of [...text, text.join('')]) readThrown(new Error(message));
    expect(readThrown(new Error('x '.repeat(1e6))).message).toHaveLength(16_384);
  });
});
