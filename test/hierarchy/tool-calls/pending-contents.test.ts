import { expect, test } from 'vitest';
import { type OpenAIInstrumentationConfig, resolveSettings } from '../../../src/config/config.ts';
import { PendingContents } from '../../../src/hierarchy/tool-calls/pending-contents.ts';
import { ConversationTracker } from '../../../src/hierarchy/tracker.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';

function start(config: OpenAIInstrumentationConfig = {}): PendingContents {
  return new PendingContents(
    new ConversationTracker(new Telemetry(resolveSettings(config, () => undefined, {}))),
  );
}

const contentOf = (given: unknown) => ({
  arguments: given,
  result: undefined,
  query: undefined,
  documents: [],
});

const nested = (depth: number, value: unknown): unknown =>
  depth === 0 ? value : { deep: [nested(depth - 2, value)] };

test('what a pending call is given is kept until it is taken', () => {
  const contents = start();
  const call = {};
  contents.add(call, contentOf({ city: 'Paris' }));
  expect(contents.take(call)).toEqual(contentOf({ city: 'Paris' }));
  expect(contents.take(call)).toBeUndefined();
});

test('a text is kept as far as it is recorded, and whole for a completion hook', () => {
  const [call, text] = [{}, 'x'.repeat(50)];
  const short = start({ maxContentLength: 10 });
  short.add(call, contentOf(text));
  expect(short.take(call)?.arguments).toBe('x'.repeat(12));
  const shown = `data:image/png;base64,${text}`;
  short.add(call, contentOf(shown));
  expect(short.take(call)?.arguments).toBe(shown);
  const hooked = start({ maxContentLength: 10, completionHook: () => undefined });
  hooked.add(call, contentOf(text));
  expect(hooked.take(call)?.arguments).toBe(text);
});

test.each([
  ['texts', () => 'x'.repeat(1_048_576)],
  ['objects', () => nested(20, 'x'.repeat(1_048_576))],
])('only the newest are kept of more than 16 MiB: %s', (_, given) => {
  const contents = start({ maxContentLength: 2_000_000, maxSpanContentLength: 4_000_000 });
  const calls = Array.from({ length: 40 }, () => ({}));
  for (const call of calls) contents.add(call, contentOf(given()));
  const kept = calls.map((call) => contents.take(call) !== undefined);
  expect(kept.filter(Boolean)).toHaveLength(15);
  expect(kept.slice(-15)).not.toContain(false);
});

test('only the thousand newest are kept, and those that were taken make room', () => {
  const contents = start();
  const calls = Array.from({ length: 1_001 }, () => ({}));
  for (const call of calls) contents.add(call, contentOf('{}'));
  expect(calls.filter((call) => contents.take(call) === undefined)).toEqual([calls[0]]);
});
