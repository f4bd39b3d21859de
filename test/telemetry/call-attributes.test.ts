import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Call } from '../../src/sdk/call.ts';
import { ChunkTimes } from '../../src/sdk/chunk-times.ts';
import { callAttributes } from '../../src/telemetry/call-attributes.ts';
import { ask } from '../support/ask.ts';
import { startProgram } from '../support/program.ts';

test.each([
  [[1_000, 1_250, 1_500, 2_500], 0.5, 1],
  [[1_000], undefined, undefined],
  [[], undefined, undefined],
])('between chunks that come at %j ms are %d s on average, and at most %d', (times, mean, max) => {
  const call = new Call({}, { start: () => undefined }, ROOT_CONTEXT);
  call.chunks = new ChunkTimes();
  for (const time of times) call.chunks.add(time);
  const attributes = callAttributes(call, 'completed');
  const gaps = ['mean', 'max'].map((kind) => attributes[`openai.stream.chunk_gap_${kind}`]);
  expect(gaps).toEqual([mean, max]);
});

test('a request id that is longer than any name is not recorded', async () => {
  const { client, simulator, telemetry } = await startProgram({ client: { maxRetries: 1 } });
  const headers = { 'x-request-id': 'x'.repeat(2_000) };
  simulator.next({ status: 500, headers: { ...headers, 'retry-after-ms': '1' } });
  simulator.next({ headers });
  await ask(client);
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['attempt', 'attempt', 'chat gpt-4o']);
  for (const { attributes } of telemetry.spans) expect(attributes).not.toHaveProperty('openai.request.id');
});
