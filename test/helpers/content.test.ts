import OpenAI from 'openai';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Completion, traced } from '../../src/client.ts';
import type { OpenAIInstrumentationConfig } from '../../src/index.ts';
import { startProgram } from '../support/program.ts';
import { startTracedProgram } from './program.ts';

const INPUT = 'openai.trace.input';
const OUTPUT = 'openai.trace.output';

const SPEAKING = { content: true };

/** What is recorded of one call of a function. */
async function recorded(
  config: OpenAIInstrumentationConfig,
  run: (...args: never[]) => unknown,
  ...args: unknown[]
): Promise<Record<string, unknown>> {
  const { telemetry } = await startTracedProgram(config, SPEAKING);
  const outcome = traced('traced', run as (...args: unknown[]) => unknown)(...args);
  try {
    for await (const _ of (outcome as AsyncIterable<unknown>)?.[Symbol.asyncIterator]
      ? (outcome as never)
      : []);
    await outcome;
  } catch {
    // What it throws is recorded, too.
  }
  const [span] = telemetry.spans;
  return { ...span?.attributes, status: span?.status.message, events: telemetry.logRecords.length };
}

const greet = (name: string): string => `Hello ${name}`;

describe('arguments and results of a traced function', () => {
  it.each([
    ['NO_CONTENT', undefined, undefined],
    ['EVENT_ONLY', undefined, undefined],
    ['SPAN_ONLY', '["Ada"]', '"Hello Ada"'],
    ['SPAN_AND_EVENT', '["Ada"]', '"Hello Ada"'],
  ] as const)('are on its span with consent: %s', async (captureMessageContent, input, output) => {
    const seen = await recorded({ captureMessageContent }, greet, 'Ada');
    expect([seen[INPUT], seen[OUTPUT]]).toEqual([input, output]);
    // The conventions have no event for what is no GenAI operation.
    expect(seen.events).toBe(0);
  });

  it('follow the newest instrumentation of the process, not single clients', async () => {
    const { telemetry } = await startTracedProgram({ captureMessageContent: 'NO_CONTENT' });
    traced('greet', greet)('Ada');
    expect(telemetry.spans[0]?.attributes).toEqual({});
  });

  it('are masked by the variable, also if the program instruments only single clients', async () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'SPAN_ONLY');
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', 'true');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { telemetry } = await startProgram({ content: true });
    traced('greet', greet)('ada@example.com');
    const [span] = telemetry.spans;
    expect([span?.attributes[INPUT], span?.attributes[OUTPUT]]).toEqual(['["[email]"]', '"Hello [email]"']);
  });

  it('include those of promises and generators, within the limits', async () => {
    const config = { captureMessageContent: 'SPAN_ONLY', maxContentLength: 10 } as const;
    const said = async (name: string): Promise<string> => greet(name);
    expect(await recorded(config, said, 'Ada')).toMatchObject({ [OUTPUT]: '"Hello Ada"' });
    const words = async function* (text: string): AsyncGenerator<string> {
      yield* ['Hello', text];
    };
    const long = '…'.padStart(11, 'x');
    expect(await recorded(config, words, 'x'.repeat(1_000))).toMatchObject({
      [INPUT]: `["${long}"]`,
      [OUTPUT]: `["Hello","${long}"]`,
    });
  });

  it('have the same limit for generators, however much they yield', async () => {
    let result: unknown;
    const completionHook = (completion: Completion): void => {
      result = completion.functionResult;
    };
    await recorded({ captureMessageContent: 'SPAN_ONLY', completionHook }, async function* () {
      for (let part = 0; part < 100; part++) yield `${part} ${'x'.repeat(100_000)}`;
    });
    expect(result).toHaveLength(100);
    expect(JSON.stringify(result).length).toBeLessThan(1_001_000);
  });

  it.each<[what: string, run: (given: unknown) => unknown, given: unknown, recorded: number]>([
    [
      'a generator',
      (given) =>
        (async function* () {
          yield* given as number[];
        })(),
      Array(1_500).fill(1),
      1_001,
    ],
    ['an array', (given) => given, Array(20_000).fill(1), 10_001],
    ['an object', (given) => given, Object.fromEntries(Array(20_000).fill(1).entries()), 10_001],
  ])('end in a mark if they have more values than are recorded: %s', async (_, run, given, count) => {
    const config = { captureMessageContent: 'SPAN_ONLY', maxSpanContentLength: 1_000_000 } as const;
    const output = JSON.parse(String((await recorded(config, run, given))[OUTPUT])) as object;
    const values = Object.values(output);
    expect([values.length, ...values.slice(-2)]).toEqual([count, 1, '…']);
  });

  it.each<[what: string, given: unknown, recorded: unknown]>([
    ['a key', 'sk-hidden', 'sk-REDACTED'],
    ['a key in a text', 'use key sk-hidden please', 'use key sk-REDACTED please'],
    ['a key in Markdown', 'use _sk-hidden_ please', 'use _sk-REDACTED please'],
    ['an authorization', ['Bearer hidden', 'Basic hidden'], ['Bearer REDACTED', 'Basic REDACTED']],
    ['one in a text', 'curl -H "Authorization: Bearer hidden"', 'curl -H "Authorization: Bearer REDACTED"'],
    ['one without a name', 'it said Bearer h1dden, twice', 'it said Bearer REDACTED, twice'],
    ['one in base64', 'it said basic aGlkZGVuOmhpZGRlbg== twice', 'it said basic REDACTED twice'],
    ['credentials of a URL', 'https://user:hidden@host/', 'https://REDACTED@host/'],
    ['those of a database', 'in postgres://u:hidden@db/x', 'in postgres://REDACTED@db/x'],
    ['a signed URL', 'https://h/?a=1&sig=hidden&b=2', 'https://h/?a=1&sig=REDACTED&b=2'],
    ['a password in JSON', '{"password":"hidden"}', '{"password":"REDACTED"}'],
    ['a key of another service', 'use ghp_0123456789abcdefghij', 'use REDACTED'],
    ['a client secret', { value: 'ek_0123456789abcdef0123' }, { value: 'REDACTED' }],
    ['a JSON Web Token', 'it is eyJhbGciOiJI.eyJzdWIiOiIx.c2ln, or', 'it is REDACTED, or'],
    ['a token in a query without a URL', 'token=hidden&page=2', 'token=REDACTED&page=2'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----', 'REDACTED'],
    ['an access key', 'access key: hidden', 'access key: REDACTED'],
    ['a key for a name', { 'sk-hidden': 1 }, { 'sk-REDACTED': 1 }],
    ...['token', 'accessToken', 'refresh_token', 'cookie', 'Set-Cookie', 'cookies', 'x-api-key'].map(
      (name): [string, unknown, unknown] => [name, { [name]: 'hidden' }, { [name]: 'REDACTED' }],
    ),
    ...['clientSecret', 'passwd', 'passphrase', 'privateKey', 'aws_access_key_id', 'credentials'].map(
      (name): [string, unknown, unknown] => [name, { [name]: { is: ['hidden'] } }, { [name]: 'REDACTED' }],
    ),
  ])('never contain %s', async (_, given, shown) => {
    const seen = await recorded({ captureMessageContent: 'SPAN_ONLY' }, (value: unknown) => value, given);
    expect(JSON.parse(String(seen[INPUT]))).toEqual([shown]);
    expect(JSON.parse(String(seen[OUTPUT]))).toEqual(shown);
  });

  it.each<[what: string, given: unknown]>([
    [
      'counts',
      { tokens: 5, max_tokens: '5', total_tokens: 5, tokenType: 'input', pricePerToken: 0.5, token: 7 },
    ],
    ['pieces of an answer', { token: 'Hello', logprob: -0.5, bytes: null }],
    ['prose', 'Basic arithmetic, Basic JavaScript, the bearer of a token: none. Authorization is by secret.'],
    ['addresses', 'Write to ada@example.com, or see https://example.com/@ada?design=big&keyboard=1'],
    ['names alike', { authors: ['Ada'], monkey: 'x', cookieRecipe: 'flour', tokenizer: 'o200k' }],
  ])('contain %s unchanged', async (_, given) => {
    const seen = await recorded({ captureMessageContent: 'SPAN_ONLY' }, (value: unknown) => value, given);
    expect(JSON.parse(String(seen[OUTPUT]))).toEqual(given);
  });

  it('are searched for secrets in linear time', async () => {
    const pieces = [
      'sk-hidden ',
      'a: ',
      'Bearer aB',
      '?a&',
      '://',
      'token',
      'eyJaaaaaaaa.',
      'ghp_ ',
      '-----BEGIN ',
    ];
    const long = pieces.map((text) => text.repeat(1e6));
    for (const text of long) {
      const seen = await recorded({ captureMessageContent: 'SPAN_ONLY' }, () => 1, text, 'more');
      expect(seen[INPUT]).toMatch(/^\[".{16384}…","…"\]$/);
      expect(seen[INPUT]).not.toContain('hidden');
    }
  });

  it('are plain data without class instances, functions or keys', async () => {
    const config = { captureMessageContent: 'SPAN_ONLY' } as const;
    const client = new OpenAI({ apiKey: 'sk-secret' });
    let asked = 0;
    const options = {
      apiKey: 'sk-secret',
      key: 'sk-secret',
      headers: { Authorization: 'Bearer sk-secret' },
      when: new Date(0),
      list: Object.defineProperty(['hidden', 1], 0, { get: () => asked++ }),
      get lazy() {
        asked++;
        return 'never read';
      },
    };
    const seen = await recorded(config, (...all: unknown[]) => all.length, client, options, greet, 1n, [
      undefined,
    ]);
    expect(JSON.parse(String(seen[INPUT]))).toEqual([
      '[OpenAI]',
      {
        apiKey: 'REDACTED',
        key: 'sk-REDACTED',
        headers: { Authorization: 'REDACTED' },
        when: '1970-01-01T00:00:00.000Z',
        list: [null, 1],
      },
      '[function greet]',
      '1',
      [null],
    ]);
    expect(seen[OUTPUT]).toBe('5');
    expect(asked).toBe(0);
  });

  it('may be cyclic, hostile or huge', async () => {
    const config = { captureMessageContent: 'SPAN_ONLY' } as const;
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const fail = (): never => {
      throw new Error('no');
    };
    const hostile = new Proxy(() => undefined, { get: fail, ownKeys: fail });
    expect(await recorded(config, () => 1, cyclic)).toMatchObject({ [OUTPUT]: '1' });
    expect(await recorded(config, () => 1, 'before', hostile, { hostile }, 'after')).toMatchObject({
      [INPUT]: '["before","[proxy]",{"hostile":"[proxy]"},"after"]',
      [OUTPUT]: '1',
    });
    const huge = Array.from({ length: 1e6 }, (_, index) => ({ index }));
    expect(String((await recorded(config, () => 1, huge))[INPUT]).length).toBeLessThan(65_536);
  });

  it('include error messages only with consent', async () => {
    const fail = async (): Promise<void> => Promise.reject(new Error('of Ada'));
    expect((await recorded({}, fail)).status).toBeUndefined();
    expect((await recorded({ captureMessageContent: 'SPAN_ONLY' }, fail)).status).toBe('of Ada');
  });
});
