import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

const USAGE = {
  input_tokens: 1_000_000,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 200_000,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 1_200_000,
};
const BATCH = {
  id: 'batch_1',
  object: 'batch',
  status: 'completed',
  model: 'gpt-4o-mini-2024-07-18',
  usage: USAGE,
};
const PRICES = {
  'gpt-4o-mini*': {
    input_mtok: 2,
    output_mtok: 10,
    service_tiers: { batch: { input_mtok: 1, output_mtok: 5 } },
  },
};

async function retrieve(batch: object, prices: object = PRICES): Promise<Program> {
  const program = await startProgram({ config: { cost: true, prices: prices as never } });
  program.simulator.next({ body: batch });
  await program.client.batches.retrieve('batch_1');
  return program;
}

function spentOf({ telemetry }: Program): object {
  const attributes = telemetry.spans.at(-1)?.attributes ?? {};
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => /^gen_ai\.(usage|response)|cost|total/.test(name)),
  );
}

describe('a batch that is retrieved', () => {
  test.each<OpenAI.Batch['status']>(['completed', 'failed', 'expired', 'cancelled'])(
    'has its model, its tokens and its cost at the batch price once it has ended: %s',
    async (status) => {
      const program = await retrieve({ ...BATCH, status });
      expect(program.telemetry.spans[0]?.attributes['openai.resource.status']).toBe(status);
      expect(spentOf(program)).toEqual({
        'gen_ai.response.model': BATCH.model,
        'openai.total.input_tokens': 1_000_000,
        'openai.total.output_tokens': 200_000,
        'openai.total.cost': 2,
      });
    },
  );

  test('feeds no metric, however often it is retrieved', async () => {
    const program = await retrieve(BATCH);
    program.simulator.next({ body: BATCH });
    await program.client.batches.retrieve('batch_1');
    const metrics = (await program.telemetry.metrics()).map(({ descriptor }) => descriptor.name);
    expect(metrics.filter((name) => !name.includes('ratelimit'))).toEqual([]);
  });

  test('has no tokens before it has ended', async () => {
    const program = await retrieve({ ...BATCH, status: 'in_progress' });
    expect(spentOf(program)).toEqual({ 'gen_ai.response.model': BATCH.model });
  });

  test.each<[calls: number, counts: object]>([
    [7, { request_counts: { total: 9, completed: 7, failed: 2 } }],
    [1, {}],
    [1, { request_counts: { completed: 0 } }],
  ])('has no cost if the batch price is not known, but %s calls without a price', async (calls, counts) => {
    const prices = { 'gpt-4o-mini*': { input_mtok: 2, output_mtok: 10 } };
    const spent = spentOf(await retrieve({ ...BATCH, ...counts }, prices));
    expect(spent).not.toHaveProperty(['openai.total.cost']);
    expect(spent).toMatchObject({ 'openai.total.unpriced': calls });
  });

  test('has no calls without a price if costs are switched off', async () => {
    const program = await startProgram({ config: { cost: false } });
    program.simulator.next({ body: BATCH });
    await program.client.batches.retrieve('batch_1');
    expect(spentOf(program)).not.toHaveProperty(['openai.total.unpriced']);
  });

  test.each([
    [{}],
    [{ status: 5, usage: 'x', model: {} }],
    [{ status: 'completed', usage: { input_tokens: -1 } }],
  ])('has nothing more if the answer is malformed: %j', async (malformed) => {
    expect(spentOf(await retrieve({ id: 'batch_1', ...malformed }))).toEqual({});
  });
});
