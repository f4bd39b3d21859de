import { describe, expect, test } from 'vitest';
import type { SinkEvent } from '../../src/client.ts';
import { readReported, readThrown } from '../../src/telemetry/outcomes/failure.ts';
import { startProgram } from '../support/program.ts';
import type { SessionOptions } from '../support/session.ts';
import { FAILING_CALLS, type FailingCall } from './failing-calls.ts';

/**
 * A server, or a gateway before it, that puts a word of the prompt or a key where its error code belongs. The word looks
 * like any code, so nothing but a list of the words of known codes can tell them apart.
 */
const STOLEN = 'jane_doe_has_diabetes';
const KNOWN = 'rate_limit_exceeded';
/** Everything that is recorded, as text. */
async function recordedBy(
  { fail }: FailingCall,
  code: string,
  options: SessionOptions,
): Promise<{ text: string; types: unknown[] }> {
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const program = await startProgram({
    ...options,
    config: { ...options.config, events: { sink, preset: 'full' } },
  });
  const { telemetry } = program;
  await program.inSpan(() => fail(program, { code, message: 'No.' }).catch(() => undefined));
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

describe.each(FAILING_CALLS)('a server chooses the code in $name', (channel) => {
  test('an unknown code is recorded nowhere without consent, and is no error type with it', async () => {
    const { text, types } = await recordedBy(channel, STOLEN, {});
    expect(types).toEqual([channel.fallback]);
    expect(text).not.toContain(STOLEN);
    const config = { captureMessageContent: 'SPAN_AND_EVENT' as const };
    const consenting = await recordedBy(channel, STOLEN, { config, content: true, eventContent: true });
    expect(consenting.types).toEqual([channel.fallback]);
  });

  test('a known code is the error type', async () => {
    const { types } = await recordedBy(channel, KNOWN, {});
    expect(types).toEqual([KNOWN]);
  });
});

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
])('a code only looks like a known one %s', (_, code) => {
  expect(readReported({ code, type: code }, 'failed').type).toBe('failed');
  expect(readThrown(Object.assign(new TypeError('No.'), { code })).type).toBe('TypeError');
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
  'ENOTFOUND',
  'RESOURCE_EXHAUSTED',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_STREAM_WRITE_AFTER_END',
])('a known code is recorded: %s', (code) => {
  expect(readReported({ code }, 'failed').type).toBe(code);
});
