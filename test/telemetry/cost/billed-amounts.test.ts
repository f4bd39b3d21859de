import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { type ModelPrices, readPrices, readPriceTable } from '../../../src/config/model-prices.ts';
import { priceOf, type Spending } from '../../../src/telemetry/cost/billed-amounts.ts';
import { NO_MODALITIES, NO_USAGE, readUsage, type Usage } from '../../../src/telemetry/cost/usage.ts';

const PRICES: ModelPrices = { input_mtok: 2, cache_read_mtok: 0.5, cache_write_mtok: 3, output_mtok: 10 };

const FEE: ModelPrices = { ...PRICES, requests_kcount: 5 };
const SEARCHES: ModelPrices = { ...PRICES, web_searches_kcount: 10, storage_searches_kcount: 2.5 };
const TIERS: ModelPrices = {
  input_mtok: { base: 1, tiers: [{ start: 1_000, price: 2 }] },
  output_mtok: { base: 10, tiers: [{ start: 1_000, price: 20 }] },
};
const HUGE = Number.MAX_SAFE_INTEGER;

function spend(
  inputTokens: number,
  outputTokens = 0,
  parts: Partial<Usage> = {},
  more: Omit<Spending, 'usage'> = {},
): Spending {
  return { usage: { ...NO_USAGE, inputTokens, outputTokens, ...parts }, ...more };
}

/** 2,000 tokens of input, of which the API does not say which were cached. */
function input(prompt_tokens_details: object): Spending {
  return { usage: readUsage({ prompt_tokens: 2_000, completion_tokens: 0, prompt_tokens_details }) };
}
const IMAGES = input({ cached_tokens: 1_000, image_tokens: 1_500 });

describe('every token has one price', () => {
  test.each<[string, ModelPrices, Spending, number]>([
    ['input and output', PRICES, spend(1_000, 100), 0.003],
    ['cached input', PRICES, spend(1_000, 0, { cacheReadTokens: 400 }), 0.0014],
    ['written input', PRICES, spend(1_000, 0, { cacheWriteTokens: 400 }), 0.0024],
    ['parts beyond their total', PRICES, spend(10, 0, { cacheReadTokens: 1_000 }), 0.0005],
    ['all cached', PRICES, spend(1_000, 0, { cacheReadTokens: 1_000 }), 0.0005],
    ['cached images, at the price of text', PRICES, IMAGES, 0.0025],
    ['cached text', PRICES, input({ cached_tokens: 100, image_tokens: 1_500 }), 0.00385],
    ['reasoning is output', PRICES, spend(0, 100, { reasoningTokens: 60 }), 0.001],
    [
      'its own price',
      { ...PRICES, output_reasoning_mtok: 20 },
      spend(0, 100, { reasoningTokens: 60 }),
      0.0016,
    ],
    [
      'parts without one',
      { input_mtok: 2 },
      spend(1_000, 0, { cacheReadTokens: 400, cacheWriteTokens: 1 }),
      0.002,
    ],
    ['a free model', { input_mtok: 0, output_mtok: 0 }, spend(5, 5), 0],
    ['embeddings', { input_mtok: 0.02 }, spend(1_000, 0, { known: 'input' }), 0.00002],
    ['audio by its length', { audio_hours: 0.36 }, { audioSeconds: 30 }, 0.003],
    ['audio beside tokens', { ...PRICES, audio_hours: 0.36 }, spend(1_000, 0, { audioSeconds: 30 }), 0.005],
    ['a fee for each request', FEE, spend(1_000), 0.007],
    ['no fee for an unknown number', FEE, spend(1_000, 0, {}, { aggregate: true }), 0.002],
    ['searches', SEARCHES, spend(1_000, 0, {}, { webSearches: 2, fileSearches: 4 }), 0.032],
    ['searches without a price', PRICES, spend(1_000, 0, {}, { webSearches: 2 }), 0.002],
    ['no insignificant digits', { input_mtok: 0.1 }, spend(3), 3e-7],
    ['the lower tier', TIERS, spend(1_000, 100), 0.002],
    ['a tier that depends on the input', TIERS, spend(1_001, 100), 0.004002],
    ['no higher tier for several requests', TIERS, spend(2_000, 200, {}, { aggregate: true }), 0.004],
  ])('%s', (_, prices, spending, cost) => expect(priceOf(prices, spending)).toBe(cost));

  test.each<[string, ModelPrices, Spending]>([
    ['cached images with a price', { ...PRICES, input_image_mtok: 4 }, IMAGES],
    ['audio', { ...PRICES, input_audio_mtok: 4 }, input({ cached_tokens: 1_000, audio_tokens: 1_500 })],
    ['output without a price', { input_mtok: 1 }, spend(1, 1)],
    ['tokens of a model billed by time', { audio_hours: 1 }, spend(1)],
    ['time of a model billed by tokens', PRICES, { audioSeconds: 1 }],
    ['time beside its tokens', PRICES, spend(1, 0, { audioSeconds: 1 })],
    ['an absurd sum', { input_mtok: 1e9 }, spend(HUGE)],
    ['an infinite sum', { input_mtok: 1e308 }, spend(HUGE)],
  ])('what is known in part, or absurd, is not a cost: %s', (_, prices, spending) => {
    expect(priceOf(prices, spending)).toBeUndefined();
  });

  test('for audio and images, cached and not', () => {
    const usage = readUsage({
      input_tokens: 1_000,
      output_tokens: 600,
      input_tokens_details: {
        text_tokens: 500,
        audio_tokens: 300,
        image_tokens: 200,
        cached_tokens: 250,
        cached_tokens_details: { text_tokens: 100, audio_tokens: 100, image_tokens: 50 },
      },
      output_tokens_details: { text_tokens: 300, audio_tokens: 200, image_tokens: 100 },
    });
    const prices: ModelPrices = {
      input_mtok: 1,
      cache_read_mtok: 10,
      input_audio_mtok: 100,
      cache_audio_read_mtok: 1_000,
      input_image_mtok: 10_000,
      cache_image_read_mtok: 100_000,
      output_mtok: 1e6,
      output_audio_mtok: 1e7,
      output_image_mtok: 1e8,
    };
    const input = 400 * 1 + 100 * 10 + 200 * 100 + 100 * 1_000 + 150 * 10_000 + 50 * 100_000;
    const output = 300 * 1e6 + 200 * 1e7 + 100 * 1e8;
    expect(priceOf(prices, { usage })).toBe((input + output) / 1e6);
  });
});

describe('prices are validated', () => {
  const tiered = (...starts: number[]): object => ({
    base: 1,
    tiers: starts.map((start) => ({ start, price: start + 1 })),
  });
  const withTiers = { input_mtok: 1, service_tiers: { flex: { input_mtok: 0.5 } } };

  test.each<[string, unknown, unknown]>([
    [
      'invalid prices are ignored',
      { input_mtok: 1, output_mtok: 'much', name: 'x', n: 5 },
      { input_mtok: 1 },
    ],
    ['tiers are sorted', { input_mtok: tiered(2, 1) }, { input_mtok: tiered(1, 2) }],
    ['broken tiers', { input_mtok: { base: 1, tiers: [null] } }, undefined],
    ['a negative price', { input_mtok: -1 }, undefined],
    ['no number', { input_mtok: Number.NaN }, undefined],
    ['nothing', {}, undefined],
    ['null', null, undefined],
    ['service tiers', withTiers, withTiers],
  ])('%s', (_, value, expected) => {
    expect(readPrices(value, false)).toEqual(expected);
  });

  test.each([[null], [5], [[]], [{ model: null }], [{ model: {} }], [{ model: { output: 1 } }]])(
    '%j is not a price table',
    (value) => expect(readPriceTable(value, true)).toBeUndefined(),
  );

  test.each<[string, object]>([
    ['a text', { cache_read_mtok: '1.25' }],
    ['a negative price', { cache_read_mtok: -1 }],
    ['broken tiers', { web_searches_kcount: { base: 1 } }],
    ['an unknown key', { cached_mtok: 1.25 }],
    ['an unknown key of the price package', { input_audio_hours: 1 }],
    ['broken service tiers', { service_tiers: { flex: { input_mtok: '1' } } }],
  ])('a program’s row is not one with %s, whose costs would be wrong', (_, more) => {
    const good = { input_mtok: 2.5, output_mtok: 10 };
    expect(readPriceTable({ model: { ...good, ...more } }, true)).toBeUndefined();
    expect(readPrices({ ...good, ...more }, false)).toEqual(good);
    const without = { ...good, name: 'model', cache_read_mtok: undefined };
    expect(readPriceTable({ model: without }, true)).toEqual({ model: good });
  });
});

describe('costs equal those of the price package', () => {
  const { calcPrice, findProvider } = createRequire(import.meta.url)('@pydantic/genai-prices') as {
    calcPrice: (usage: object, model: string, options: object) => { total_price: number } | null;
    findProvider: (options: object) => { models: { id: string; prices: unknown }[] };
  };
  const { models } = findProvider({ providerId: 'openai' });
  const audio = { input: 200, cached: 50, output: 80 };
  const cached = { cacheReadTokens: 300, cacheWriteTokens: 100, reasoningTokens: 50 };
  const modalities = { ...NO_MODALITIES, audio };
  const USAGES: readonly [ours: Usage, theirs: object][] = [
    [
      { inputTokens: 1_000, outputTokens: 200, ...cached, modalities },
      { input_audio_tokens: 200, cache_audio_read_tokens: 50, output_audio_tokens: 80 },
    ],
    [{ ...NO_USAGE, inputTokens: 300_000, outputTokens: 10 }, {}],
  ];

  const priced = models.filter(({ prices }) => {
    const read = Array.isArray(prices) ? undefined : readPrices(prices, false);
    return read?.input_mtok !== undefined && read.output_mtok !== undefined;
  });

  test('which knows most models of OpenAI', () => expect(priced.length).toBeGreaterThan(60));

  test.each(priced)('$id', ({ prices }) => {
    const read = readPrices(prices, false) as ModelPrices;
    const sold = [{ id: 'm', match: { equals: 'm' }, prices }];
    const provider = { id: 'p', name: 'p', api_pattern: '.', models: sold };
    for (const [usage, spoken] of USAGES) {
      const counted = {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        cache_read_tokens: usage.cacheReadTokens,
        cache_write_tokens: usage.cacheWriteTokens,
        ...spoken,
      };
      const theirs = calcPrice(counted, 'm', { provider });
      expect(priceOf(read, { usage })).toBeCloseTo(theirs?.total_price ?? -1, 10);
    }
  });
});
