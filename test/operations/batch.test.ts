import { expect, test, vi } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';

const USAGE = { input_tokens: 1_000_000, output_tokens: 200_000, total_tokens: 1_200_000 };
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

async function retrieve(batch: object, config: OpenAIInstrumentationConfig = {}): Promise<Program> {
  const program = await startProgram({ config: { cost: true, prices: PRICES as never, ...config } });
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

const MODEL = { 'gen_ai.response.model': BATCH.model };
const TOKENS = { ...MODEL, 'openai.total.input_tokens': 1_000_000, 'openai.total.output_tokens': 200_000 };
/** The batch price is not known. */
const UNPRICED = { prices: { 'gpt-4o-mini*': { input_mtok: 2, output_mtok: 10 } } } as never;

test.each<[what: string, batch: object, spent: object, config?: OpenAIInstrumentationConfig]>([
  ...(['completed', 'failed', 'expired', 'cancelled'] as const).map((status): [string, object, object] => [
    `its tokens and its cost at the batch price once it is ${status}`,
    { ...BATCH, status },
    { ...TOKENS, 'openai.total.cost': 2 },
  ]),
  ['no tokens before it has ended', { ...BATCH, status: 'in_progress' }, MODEL],
  [
    'its calls without a price if the batch price is not known',
    { ...BATCH, request_counts: { total: 9, completed: 7, failed: 2 } },
    { ...TOKENS, 'openai.total.unpriced': 7 },
    UNPRICED,
  ],
  ['one call if it counts none', BATCH, { ...TOKENS, 'openai.total.unpriced': 1 }, UNPRICED],
  [
    'one call if it counts zero',
    { ...BATCH, request_counts: { completed: 0 } },
    { ...TOKENS, 'openai.total.unpriced': 1 },
    UNPRICED,
  ],
  ['no calls without a price if costs are switched off', BATCH, TOKENS, { cost: false }],
  ['nothing more if the answer is empty', { id: 'batch_1' }, {}],
  ['nothing of wrong types', { id: 'batch_1', status: 5, usage: 'x', model: {} }, {}],
  ['no negative tokens', { id: 'batch_1', status: 'completed', usage: { input_tokens: -1 } }, {}],
])('a batch that is retrieved has %s', async (_, batch, spent, config) => {
  expect(spentOf(await retrieve(batch, config))).toEqual(spent);
});

test('a batch feeds no metric and no sink, however often it is retrieved', async () => {
  const sink = vi.fn();
  const program = await retrieve(BATCH, { events: { sink } });
  program.simulator.next({ body: BATCH });
  await program.client.batches.retrieve('batch_1');
  const metrics = (await program.telemetry.metrics()).map(({ descriptor }) => descriptor.name);
  expect(metrics.filter((name) => !name.includes('ratelimit'))).toEqual([]);
  expect(sink).not.toHaveBeenCalled();
});
