import { describe, expect, test } from 'vitest';
import type { SinkEvent } from '../../src/client.ts';
import { readError, readFailure } from '../../src/telemetry/outcomes/failure.ts';
import { type Program, type ProgramOptions, startProgram } from '../support/program.ts';

/**
 * A server, or a gateway before it, that puts a word of the prompt or a key where its error code belongs. The word looks
 * like any code, so nothing but a list of the words of known codes can tell them apart.
 */
const STOLEN = 'jane_doe_has_diabetes';
const KNOWN = 'rate_limit_exceeded';
const CHAT = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Jane Doe has diabetes.' }] };
const QUESTION = { model: 'gpt-4o', input: 'Jane Doe has diabetes.' };

interface Channel {
  readonly name: string;
  /** Makes the call that fails with this code. */
  fail(program: Program, code: string): Promise<unknown>;
  /** `error.type` of a code that is not known. */
  readonly fallback: string;
}

const failedResponse = (error: object): object => ({
  id: 'resp_1',
  object: 'response',
  model: 'gpt-4o',
  status: 'failed',
  output: [],
  error,
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
});

const CHANNELS: readonly Channel[] = [
  {
    name: 'the answer to a request',
    fail({ client, simulator }, code) {
      simulator.next({ status: 429, body: { error: { code, type: code, message: 'No.' } } });
      return client.chat.completions.create(CHAT);
    },
    fallback: 'RateLimitError',
  },
  {
    name: 'an attempt that is retried',
    fail({ client, simulator }, code) {
      const headers = { 'retry-after-ms': '1' };
      simulator.next({ status: 500, headers, body: { error: { code, message: 'No.' } } });
      simulator.next({ status: 500, headers, body: { error: { code, message: 'No.' } } });
      return client.chat.completions.create(CHAT, { maxRetries: 1 });
    },
    fallback: 'InternalServerError',
  },
  {
    name: 'an event of a stream',
    async fail({ client, simulator }, code) {
      simulator.next({ sse: [{ data: { error: { code, type: code, message: 'No.' } } }] });
      await Array.fromAsync(await client.chat.completions.create({ ...CHAT, stream: true }));
    },
    fallback: 'APIError',
  },
  {
    name: 'the error of a response',
    fail({ client, simulator }, code) {
      simulator.next({ status: 200, body: failedResponse({ code, type: code, message: 'No.' }) });
      return client.responses.create(QUESTION);
    },
    fallback: 'failed',
  },
  {
    name: 'the error of an MCP server',
    fail({ client, simulator }, code) {
      const call = { id: 'mcp_1', type: 'mcp_call', name: 'ask', server_label: 'wiki', arguments: '{}' };
      const output = [{ ...call, error: { type: code, code, message: 'No.' } }];
      simulator.next({
        status: 200,
        body: { ...failedResponse({ code, message: 'No.' }), status: 'completed', error: null, output },
      });
      return client.responses.create(QUESTION);
    },
    fallback: 'failed',
  },
  {
    name: 'the last error of a run and its step',
    async fail({ client, simulator }, code) {
      simulator.script({ steps: [{ message: 'x' }], end: 'failed', lastError: { code, message: 'No.' } });
      const { id } = await client.beta.assistants.create({ model: 'gpt-4o' });
      await client.beta.threads.createAndRunPoll({ assistant_id: id }, { pollIntervalMs: 1 });
    },
    fallback: 'failed',
  },
  {
    name: 'the error of a turn',
    async fail({ client, simulator }, code) {
      simulator.turn({ end: 'failed', error: { code, message: 'No.' } });
      const { id } = await client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
      const environment = { type: 'none' as const };
      const body = { agent_id: id, environment, input: 'Jane Doe has diabetes.', stream: true as const };
      await Array.fromAsync(await client.beta.agents.sessions.create(body));
    },
    fallback: 'failed',
  },
  {
    name: 'the environment of a session',
    async fail({ client, simulator }, code) {
      simulator.turn({ items: [{ environment: 'failed', errorCode: code }, { message: 'Done.' }] });
      const { id } = await client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
      const environment = { type: 'none' as const };
      const body = { agent_id: id, environment, input: 'Hello.', stream: true as const };
      await Array.fromAsync(await client.beta.agents.sessions.create(body));
    },
    fallback: 'environment_error',
  },
];

/** Everything that is recorded, as text. */
async function recordedBy(
  channel: Channel,
  code: string,
  options: ProgramOptions,
): Promise<{ text: string; types: unknown[] }> {
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const program = await startProgram({
    ...options,
    config: { ...options.config, events: { sink, preset: 'full' } },
  });
  const { telemetry } = program;
  await program.inSpan(() => channel.fail(program, code).catch(() => undefined));
  await telemetry.provider.forceFlush();
  const { spans, logRecords } = telemetry;
  // The type of an attempt that the API has refused is its status, whatever the code.
  const operations = spans.filter(({ name }) => name !== 'attempt');
  const types = operations.flatMap(({ attributes, events: ofSpan }) =>
    [attributes, ...ofSpan.map((event) => event.attributes ?? {})].flatMap((all) => all['error.type'] ?? []),
  );
  const shown = [
    spans.map(({ name, attributes, events: ofSpan, status }) => [name, attributes, ofSpan, status]),
    logRecords.map(({ attributes, body }) => [attributes, body]),
    await telemetry.metrics(),
    events,
  ];
  return { text: JSON.stringify(shown), types: [...new Set(types)] };
}

describe.each(CHANNELS)('a server chooses the code in $name', (channel) => {
  test('without consent, an unknown code is recorded nowhere', async () => {
    const { text, types } = await recordedBy(channel, STOLEN, {});
    expect(types).toEqual([channel.fallback]);
    expect(text).not.toContain(STOLEN);
  });

  test('with consent, an unknown code is not on metrics and not an error type', async () => {
    const config = { captureMessageContent: 'SPAN_AND_EVENT' as const };
    const { types } = await recordedBy(channel, STOLEN, { config, content: true, eventContent: true });
    expect(types).toEqual([channel.fallback]);
  });

  test('a known code is the error type', async () => {
    const { types } = await recordedBy(channel, KNOWN, {});
    expect(types).toEqual([KNOWN]);
  });
});

describe('a code only looks like a known one', () => {
  test.each([
    ['a key', 'sk-proj-abc123'],
    ...['max', 'grant', 'user', 'tokens', 'Grant', 'base64', 'country'].map((word) => [
      'one word of known codes',
      word,
    ]),
    ['a known code with more', 'rate_limit_exceeded_jane_doe'],
    ['a known code in other letters', 'Rate_Limit_Exceeded'],
    ['a number that is not a status', '419847'],
    ['an inherited property', 'constructor'],
    ['a text like a Node code', 'EJANEDOE'],
    ['a text like an error of this package', 'ERR_JANE_DOE'],
  ])('%s', (_, code) => {
    expect(readError({ code, type: code }, 'failed').type).toBe('failed');
    expect(readFailure(Object.assign(new TypeError('No.'), { code })).type).toBe('TypeError');
  });
});

test.each([
  'forbidden',
  'overloaded',
  'timeout',
  'unauthorized',
  'Conflict',
  'Forbidden',
  'Timeout',
  'Unauthorized',
])('a known code of one word is recorded: %s', (code) => {
  expect(readError({ code }, 'failed').type).toBe(code);
});

describe('a server answers with an object that imitates a class', () => {
  test.each<[unknown, string]>([
    [{ constructor: { name: STOLEN } }, '_OTHER'],
    [{ constructor: STOLEN, name: STOLEN }, '_OTHER'],
    [{ status: STOLEN }, '_OTHER'],
    [Object.assign(new Error('No.'), { name: STOLEN }), 'Error'],
    [new DOMException('No.', STOLEN), 'DOMException'],
  ])('%j', (error, type) => {
    expect(readFailure(error).type).toBe(type);
  });

  test('a class of the program names its errors', () => {
    class QuotaError extends Error {}
    expect(readFailure(new QuotaError('No.')).type).toBe('QuotaError');
  });
});
