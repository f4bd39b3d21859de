import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Call } from '../../src/sdk/call.ts';
import { callAttributes } from '../../src/telemetry/call-facts.ts';
import { startProgram } from '../support/program.ts';

/** Attributes of a stream whose chunks came at these times, in milliseconds. */
function gapsOf(...times: readonly number[]): unknown[] {
  const call = new Call({}, { start: () => undefined }, ROOT_CONTEXT);
  call.streamEnd = 'completed';
  call.chunkCount = times.length;
  call.firstChunkTime = times[0];
  call.lastChunkTime = times.at(-1);
  call.longestChunkGap = Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
  const attributes = callAttributes(call);
  return ['mean', 'max'].map((kind) => attributes[`openai.stream.chunk_gap_${kind}`]);
}

test('openai.stream.chunk_gap_mean and _max are the seconds between two chunks', () => {
  expect(gapsOf(1_000, 1_250, 1_500, 2_500)).toEqual([0.5, 1]);
});

test.each([[[]], [[1_000]]])('a stream with the chunks %j has no time between them', (times) => {
  expect(gapsOf(...times)).toEqual([undefined, undefined]);
});

test('a request id that is longer than any name is not recorded', async () => {
  const { client, simulator, telemetry } = await startProgram({ client: { maxRetries: 1 } });
  const headers = { 'x-request-id': 'x'.repeat(2_000) };
  simulator.next({ status: 500, headers: { ...headers, 'retry-after-ms': '1' } });
  simulator.next({ headers });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello.' }] });
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['attempt', 'attempt', 'chat gpt-4o']);
  for (const { attributes } of telemetry.spans) expect(attributes).not.toHaveProperty('openai.request.id');
});
