import { expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { startProgram } from '../support/program.ts';

test('a span that may have few attributes has the usage rather than the rate limits', async () => {
  const { client, telemetry } = await startProgram({ spanLimits: { attributeCountLimit: 16 } });
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
