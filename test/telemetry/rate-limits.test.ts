import { expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { startProgram } from '../support/program.ts';

test('a span that may have few attributes has the usage rather than the rate limits', async () => {
  const { client, simulator, telemetry } = await startProgram({
    spanLimits: { attributeCountLimit: 16 },
    mayLog: true,
  });
  simulator.next({ headers: { 'x-ratelimit-remaining-requests': '0' } });
  await ask(client);
  const [span] = telemetry.spans;
  const names = Object.keys(span?.attributes ?? {});
  expect(names).toHaveLength(16);
  expect(names).toEqual(
    expect.arrayContaining([
      'gen_ai.response.finish_reasons',
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.output_tokens',
    ]),
  );
  expect(span?.droppedAttributesCount).toBeGreaterThan(0);
});

test('a stream that ends late does not bring back the limits from its start', async () => {
  const program = await startProgram();
  const { client, simulator } = program;
  const limited = (remaining: number): void =>
    simulator.next({ headers: { 'x-ratelimit-remaining-requests': `${remaining}` } });
  const left = async (): Promise<unknown> => {
    const found = await program.telemetry.metrics();
    const gauge = found.find(({ descriptor: { name } }) => name.endsWith('ratelimit.remaining_requests'));
    return gauge?.dataPoints.map(({ value }) => value);
  };
  limited(50);
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
  limited(49);
  await ask(client);
  for await (const _ of stream);
  expect(await left()).toEqual([49]);
  limited(48);
  await ask(client);
  expect(await left()).toEqual([48]);
});
