import { ROOT_CONTEXT } from '@opentelemetry/api';
import OpenAI, { AzureOpenAI, type ClientOptions } from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { instrumentOpenAI, traced } from '../../src/client.ts';
import { Call } from '../../src/sdk/call.ts';
import { keysInUse, rememberClient } from '../../src/sdk/client-keys.ts';
import { withoutCredentials } from '../../src/telemetry/content/credentials.ts';
import { responseBody } from '../support/bodies.ts';
import { areCollected } from '../support/collected.ts';
import { type Program, startProgram } from '../support/program.ts';
import { recordTelemetry } from '../support/telemetry.ts';
import { CHAT, FAILING_CALLS, respond } from './failing-calls.ts';

/**
 * A server, or a gateway before it, that repeats the program's own key in the text of an error, without any word or form
 * by which a key could be known.
 */
const KEY = 'Zebra/42+plain';
const CONSENT = {
  config: { captureMessageContent: 'SPAN_AND_EVENT' as const },
  content: true,
  eventContent: true,
};
const SAID = `I have got ${KEY}, and do not like it.`;
const SHOWN = 'I have got REDACTED, and do not like it.';

/** Everything that is recorded, as text. */
async function textOf({ telemetry }: Pick<Program, 'telemetry'>): Promise<string> {
  await telemetry.provider.forceFlush();
  const { spans, logRecords } = telemetry;
  return JSON.stringify([
    spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    logRecords.map(({ attributes, body }) => [attributes, body]),
  ]);
}

describe('a server repeats the key of the client in', () => {
  test.each(FAILING_CALLS.filter(({ isSilent }) => isSilent !== true))('$name', async ({ fail }) => {
    const program = await startProgram({ ...CONSENT, client: { apiKey: KEY } });
    const failure = { code: 'server_error', message: SAID };
    await program.inSpan(() => fail(program, failure).catch(() => undefined));
    const text = await textOf(program);
    expect(text).not.toContain(KEY);
    expect(text).toContain(SHOWN);
  });

  test('the error of an MCP server, anywhere in it', async () => {
    const program = await startProgram({ ...CONSENT, client: { apiKey: KEY } });
    const error = {
      type: 'mcp_tool_execution_error',
      message: SAID,
      content: [{ type: 'text', text: SAID }, { [`of ${KEY}`]: { detail: [SAID] } }],
    };
    const call = { id: 'mcp_1', type: 'mcp_call', name: 'ask', server_label: 'wiki', arguments: '{}' };
    await program.inSpan(() => respond(program, [{ ...call, error }]));
    const text = await textOf(program);
    expect(text).not.toContain(KEY);
    expect(text.split(SHOWN).length).toBeGreaterThan(3);
  });

  test('the error of a traced function', async () => {
    const program = await startProgram({ ...CONSENT, client: { apiKey: KEY } });
    await program.client.models.list();
    const look = traced('look', async () => Promise.reject(new Error(SAID)));
    await look().catch(() => undefined);
    expect(await textOf(program)).not.toContain(KEY);
  });
});

describe('a server repeats a key that was given as', () => {
  /** A gateway that answers with every credential it was sent. */
  const repeat: typeof fetch = async (input, init) => {
    const { password, searchParams } = new URL(String(input));
    const sent = [...new Headers(init?.headers)].filter(([name]) => !/^(user-agent|x-stainless)/.test(name));
    const basic = sent.map(([, value]) => atob(/^Basic (.+)/.exec(value)?.[1] ?? '').split(':')[1]);
    return Response.json(
      {
        error: {
          message: `I have got ${JSON.stringify([sent, basic, decodeURIComponent(password), [...searchParams]])}.`,
        },
      },
      { status: 401 },
    );
  };
  const options = { fetch: repeat, maxRetries: 0, logLevel: 'off' as const, apiKey: 'Some-other-key' };
  const { apiKey: _, ...unkeyed } = options;
  const azure = { ...unkeyed, endpoint: 'https://here.openai.azure.com', apiVersion: '1' };

  let keys = 0;
  test.each<[string, (key: string) => [client: OpenAI, headers?: Record<string, string>, query?: object]]>([
    ['a function', (key) => [new OpenAI({ ...options, apiKey: async () => key })]],
    ['a header of the client', (key) => [new OpenAI({ ...options, defaultHeaders: { Authorization: key } })]],
    ['a header of a gateway', (key) => [new OpenAI({ ...options, defaultHeaders: { 'X-Api-Key': key } })]],
    ['a cookie', (key) => [new OpenAI({ ...options, defaultHeaders: { cookie: `a=b; session=${key}` } })]],
    ['a header of the request', (key) => [new OpenAI(options), { 'api-key': key }]],
    ['a token of the request', (key) => [new OpenAI(options), { authorization: `Bearer ${key}` }]],
    ['a password', (key) => [new OpenAI(options), { 'proxy-authorization': `Basic ${btoa(`me:${key}`)}` }]],
    ['a key for Azure', (key) => [new AzureOpenAI({ ...azure, apiKey: key })]],
    ['a token for Azure', (key) => [new AzureOpenAI({ ...azure, azureADTokenProvider: async () => key })]],
    ['a virtual key of a gateway', (key) => [new OpenAI(options), { 'x-portkey-virtual-key': key }]],
    ['a parameter of the request', (key) => [new OpenAI(options), {}, { 'api-key': key }]],
    ['a parameter of every request', (key) => [new OpenAI({ ...options, defaultQuery: { 'api-key': key } })]],
    [
      'a password in the base URL',
      (key) => [
        new OpenAI({ ...options, baseURL: `https://me:${encodeURIComponent(key)}@gateway.example/` }),
      ],
    ],
  ])('%s', async (_, make) => {
    // Another client with the same key would tell it.
    const key = `Yak/${++keys}+plain`;
    const telemetry = recordTelemetry(CONSENT);
    const [client, headers = {}, query = {}] = make(key);
    instrumentOpenAI(client, CONSENT.config);
    await client.chat.completions.create(CHAT, { headers, query }).catch(() => undefined);
    const text = await textOf({ telemetry });
    expect(text).toContain('I have got');
    expect(text).not.toContain(key);
    expect(text).not.toContain(btoa(`me:${key}`));
    await telemetry.provider.shutdown();
  });

  test.each<[string, (key: string) => Partial<ClientOptions>]>([
    ['adminAPIKey', (key) => ({ adminAPIKey: key })],
    ['webhookSecret', (key) => ({ webhookSecret: key })],
    ['a header of the client', (key) => ({ defaultHeaders: { 'X-Api-Key': key } })],
    ['a parameter of every request', (key) => ({ defaultQuery: { 'api-key': key } })],
    ['a parameter of the base URL', (key) => ({ baseURL: `https://gateway.example/?api-key=${key}` })],
  ])('%s, to another server', (_, given) => {
    const key = `Gnu-${++keys}-plain`;
    const client = new OpenAI({ ...options, ...given(key) });
    rememberClient(client);
    expect(withoutCredentials(`I have got ${key}.`)).toBe('I have got REDACTED.');
  });
});

test('a key that begins like another one is removed whole', () => {
  const clients = ['Emu-plain', 'Emu-plain-and-more'].map((apiKey) => new OpenAI({ apiKey }));
  for (const client of clients) rememberClient(client);
  expect(withoutCredentials('I have got Emu-plain-and-more.')).toBe('I have got REDACTED.');
});

describe('the key is in a text', () => {
  const said = (text: string): string => withoutCredentials(text, [KEY, 'Zebra', 'b"\\q0000']);

  test.each([
    ['with letters around it', `x${KEY}y`, 'xREDACTEDy'],
    ['twice', `${KEY}${KEY}`, 'REDACTEDREDACTED'],
    ['inside of a URL', `at ${encodeURIComponent(KEY)}.`, 'at REDACTED.'],
    ['inside of JSON', JSON.stringify(['b"\\q0000']), '["REDACTED"]'],
    ['as a short word', 'a Zebra.', 'a REDACTED.'],
    ['as a short word on an escaped line', 'a\\nZebra.', 'a\\nREDACTED.'],
  ])('%s', (_, text, shown) => {
    expect(said(text)).toBe(shown);
  });

  test('at the cut of the text, and repeated to move that cut', () => {
    for (let length = 16_384 - 2 * KEY.length; length <= 16_384 + KEY.length; length++)
      expect(said('x'.repeat(length) + KEY + 'y'.repeat(1e5))).not.toMatch(/Zeb?r?a?$/);
    for (let length = 0; length < KEY.length; length++)
      expect(said(' '.repeat(length) + KEY.repeat(1e5))).not.toMatch(/(^|D|\s)Z/);
  });

  test('and a short key inside an honest word leaves the word unchanged', () => {
    expect(said('Zebras and A-Zebra')).toBe('Zebras and A-Zebra');
  });
});

test.each(['ollama', 'EMPTY', 'none', 'key', 'x'])(
  'an honest server has its texts unchanged if the key is %s',
  async (apiKey) => {
    const message = 'ollama: no key for x is EMPTY, none';
    const program = await startProgram({ ...CONSENT, client: { apiKey } });
    program.simulator.next({ status: 400, body: { error: { message } } });
    await program.client.chat.completions.create(CHAT).catch(() => undefined);
    expect(await textOf(program)).toContain(message);
  },
);

describe('the keys of a client', () => {
  const kept: OpenAI[] = [];
  afterEach(() => void kept.splice(0));

  test('are recognised in its own answers, with any number of other clients', () => {
    const client = new OpenAI({ apiKey: KEY });
    rememberClient(client);
    for (let count = 0; count < 200; count++) {
      kept.push(new OpenAI({ apiKey: `another-key-${count}` }));
      rememberClient(kept.at(-1) as OpenAI);
    }
    expect(keysInUse()).not.toContain(KEY);
    const seen: string[] = [];
    const read = (): void => {
      seen.push(withoutCredentials(SAID));
      throw new Error('It cannot be read.');
    };
    const observation = { context: ROOT_CONTEXT, chunk: read, settle: read };
    const call = new Call(client, { start: () => observation }, ROOT_CONTEXT);
    call.begin({ stream: true });
    call.chunk({});
    expect(keysInUse()).not.toContain(KEY);
    call.apply('completed');
    expect(seen).toEqual([SHOWN, SHOWN]);
    expect(keysInUse()).not.toContain(KEY);
  });

  test('do not keep the client in memory', async () => {
    const held = (() => {
      const client = new OpenAI({ apiKey: KEY });
      rememberClient(client);
      return new WeakRef(client);
    })();
    expect(await areCollected(held)).toBe(true);
    expect(keysInUse()).not.toContain(KEY);
  });
});

test('the keys of all clients are read once for an answer that reports many errors', async () => {
  const program = await startProgram({ ...CONSENT, mayLog: true });
  const { client, simulator } = program;
  let reads = 0;
  const other = new OpenAI({ apiKey: 'test' });
  const get = (): string => {
    reads++;
    return KEY;
  };
  Object.defineProperty(other, 'webhookSecret', { get });
  rememberClient(other);
  const error = { type: 'mcp', code: 500, message: SAID };
  const failed = (_: unknown, index: number): object => ({
    type: 'mcp_call',
    id: `mcp_${index}`,
    name: 'f',
    error,
  });
  simulator.next({ body: responseBody(Array.from({ length: 1_000 }, failed)) });
  await client.responses.create({ model: 'gpt-4o', input: 'Hi' });
  expect(reads).toBe(1);
  const recorded = await textOf(program);
  expect(recorded).toContain(SHOWN);
  expect(recorded).not.toContain(KEY);
});
