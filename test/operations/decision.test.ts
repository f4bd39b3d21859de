import { describe, expect, test } from 'vitest';
import { startProgram } from '../support/program.ts';

const MODEL = 'gpt-6-luna';
const PRICES = { [MODEL]: { input_mtok: 1, cache_read_mtok: 0.5, output_mtok: 10 } };
const ASKED = {
  model: MODEL,
  input: 'secret',
  questions: [{ type: 'predicate' as const, name: 'secret', instructions: 'Is it secret?' }],
};
const usage = {
  input_tokens: 1_000,
  input_tokens_details: { cache_write_tokens: 0, cached_tokens: 400 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 1_020,
};

describe('a decision', () => {
  test('records models, usage and cost', async () => {
    const program = await startProgram({ config: { cost: true, prices: PRICES } });
    const answers = [{ type: 'predicate', name: 'secret', probability: 0.9 }];
    program.simulator.next({ body: { answers, model: `${MODEL}-2026-08-01`, usage } });
    await program.client.decisions.create(ASKED);
    const [span] = program.telemetry.spans;
    expect(span?.name).toBe('POST /decisions');
    expect(span?.attributes).toMatchObject({
      'gen_ai.request.model': MODEL,
      'gen_ai.response.model': `${MODEL}-2026-08-01`,
      'gen_ai.usage.input_tokens': 1_000,
      'gen_ai.usage.cache_read.input_tokens': 400,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.reasoning.output_tokens': 5,
      'openai.cost': expect.closeTo(0.001, 10),
    });
    expect(JSON.stringify(span?.attributes)).not.toContain('secret');
    const metrics = await program.telemetry.metrics();
    expect(metrics.map(({ descriptor }) => descriptor.name)).toContain('openai.client.cost');
  });

  test('fails if the answer is an error', async () => {
    const program = await startProgram();
    program.simulator.next({ body: { error: { message: 'secret', code: 'overloaded' } } });
    await program.client.decisions.create(ASKED);
    await program.expectTree('POST /decisions  !overloaded');
  });
});
