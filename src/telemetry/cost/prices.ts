import type { Attributes } from '@opentelemetry/api';
import type { ModelPrices, PriceKey } from '../../config/model-prices.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { type ModalityUsage, NO_MODALITIES, NO_USAGE, type Usage } from './usage.ts';

/** In USD. A higher cost would be a mistake, and sums of it could become infinite. */
export const MAX_COST = 1e15;

/** What is billed besides tokens. */
export interface Fees {
  /** Audio that is billed by duration. */
  readonly audioSeconds?: number | undefined;
  /** Web searches that the API bills. */
  readonly webSearches?: number | undefined;
  readonly fileSearches?: number | undefined;
  /** Whether there were web searches that the API does not count. */
  readonly hasUncountedSearches?: boolean;
  /** Whether more is billed whose amount or price is unknown. */
  readonly hasOthers?: boolean;
}

/** What one or several operations spent. */
export interface Spending extends Fees {
  readonly usage?: Usage | undefined;
  /** What the provider says that it cost, in USD. */
  readonly reported?: number | undefined;
  /** A sum of several model calls. Tiers do not apply, since no single call had all these tokens. */
  readonly aggregate?: boolean | undefined;
}

/** The parts that the cost of tokens is told for. */
export type CostPart = `${'text' | 'audio' | 'image'}.${'input' | 'cached' | 'output'}`;

interface Amount {
  /** `undefined` for what is billed besides tokens. */
  readonly part?: CostPart;
  readonly count: (spending: Spending, usage: Usage, modalities: ModalityUsage) => number;
  /** The number of units that the price refers to. */
  readonly per: number;
  /** The keys of the price; the first one that has a price counts. */
  readonly keys: readonly PriceKey[];
  /** Whether a missing price makes the whole cost unknown. Otherwise the amount is free. */
  readonly needed: boolean;
}

/** Each token counts in exactly one row, and each row has one price. */
const AMOUNTS: readonly Amount[] = [
  tokenAmount(
    'text.input',
    (usage, parts) =>
      usage.inputTokens -
      usage.cacheReadTokens -
      usage.cacheWriteTokens -
      (parts.audioInputTokens - parts.audioCacheReadTokens) -
      (parts.imageInputTokens - parts.imageCacheReadTokens),
    ['input_mtok'],
  ),
  tokenAmount(
    'text.cached',
    (usage, parts) => usage.cacheReadTokens - parts.audioCacheReadTokens - parts.imageCacheReadTokens,
    ['cache_read_mtok', 'input_mtok'],
  ),
  tokenAmount('text.input', (usage) => usage.cacheWriteTokens, ['cache_write_mtok', 'input_mtok']),
  tokenAmount('audio.input', (_, parts) => parts.audioInputTokens - parts.audioCacheReadTokens, [
    'input_audio_mtok',
    'input_mtok',
  ]),
  tokenAmount('audio.cached', (_, parts) => parts.audioCacheReadTokens, [
    'cache_audio_read_mtok',
    'cache_read_mtok',
    'input_audio_mtok',
    'input_mtok',
  ]),
  tokenAmount('image.input', (_, parts) => parts.imageInputTokens - parts.imageCacheReadTokens, [
    'input_image_mtok',
    'input_mtok',
  ]),
  tokenAmount('image.cached', (_, parts) => parts.imageCacheReadTokens, [
    'cache_image_read_mtok',
    'cache_read_mtok',
    'input_image_mtok',
    'input_mtok',
  ]),
  tokenAmount(
    'text.output',
    (usage, parts) =>
      usage.outputTokens - usage.reasoningTokens - parts.audioOutputTokens - parts.imageOutputTokens,
    ['output_mtok'],
  ),
  tokenAmount('text.output', (usage) => usage.reasoningTokens, ['output_reasoning_mtok', 'output_mtok']),
  tokenAmount('audio.output', (_, parts) => parts.audioOutputTokens, ['output_audio_mtok', 'output_mtok']),
  tokenAmount('image.output', (_, parts) => parts.imageOutputTokens, ['output_image_mtok', 'output_mtok']),
  {
    count: ({ audioSeconds = 0 }, usage) => usage.audioSeconds ?? audioSeconds,
    per: 3_600,
    keys: ['audio_hours'],
    needed: true,
  },
  {
    count: ({ aggregate }) => (aggregate ? 0 : 1),
    per: 1e3,
    keys: ['requests_kcount'],
    needed: false,
  },
  { count: ({ webSearches = 0 }) => webSearches, per: 1e3, keys: ['web_searches_kcount'], needed: false },
  {
    count: ({ fileSearches = 0 }) => fileSearches,
    per: 1e3,
    keys: ['storage_searches_kcount'],
    needed: false,
  },
];

function tokenAmount(
  part: CostPart,
  count: (usage: Usage, modalities: ModalityUsage) => number,
  keys: readonly PriceKey[],
): Amount {
  return { part, count: (_, usage, modalities) => count(usage, modalities), per: 1e6, keys, needed: true };
}

/**
 * @param tell called with the cost of each part
 * @returns the cost in USD; `undefined` if a price is missing, because a partial cost would be wrong, or the sum absurd
 */
export function priceOf(
  prices: ModelPrices,
  spending: Spending,
  tell?: (part: CostPart, cost: number) => void,
): number | undefined {
  const usage = spending.usage ?? NO_USAGE;
  const modalities = usage.modalities && splitCache(prices, usage, usage.modalities);
  if (usage.modalities !== undefined && modalities === undefined) return undefined;
  const context = spending.aggregate ? 0 : usage.inputTokens;
  let sum = 0;
  for (const { part, count, per, keys, needed } of AMOUNTS) {
    const amount = count(spending, usage, modalities ?? NO_MODALITIES);
    if (amount <= 0) continue;
    const price = priceAt(prices, keys, context);
    if (price === undefined) {
      if (needed) return undefined;
      continue;
    }
    const cost = (price * amount) / per;
    sum += cost;
    if (part !== undefined) tell?.(part, cost);
  }
  return sum > MAX_COST ? undefined : roundCost(sum);
}

/**
 * Some APIs count the tokens of images, but not which of them were cached. Those that cannot be text were images.
 *
 * @returns `undefined` if the price depends on what the API does not report
 */
function splitCache(prices: ModelPrices, usage: Usage, parts: ModalityUsage): ModalityUsage | undefined {
  const images = parts.imageInputTokens - parts.imageCacheReadTokens;
  const audio = parts.audioInputTokens - parts.audioCacheReadTokens;
  const excess = usage.cacheReadTokens + usage.cacheWriteTokens + images + audio - usage.inputTokens;
  if (excess <= 0) return parts;
  if (excess > images || prices.input_image_mtok !== undefined) return undefined;
  return { ...parts, imageCacheReadTokens: parts.imageCacheReadTokens + excess };
}

/** Removes the rounding errors of binary fractions. */
export function roundCost(cost: number): number {
  return Number(cost.toPrecision(12));
}

export function addCosts(a: number, b: number): number {
  return roundCost(a + b);
}

function priceAt(prices: ModelPrices, keys: readonly PriceKey[], context: number): number | undefined {
  for (const key of keys) {
    const price = prices[key];
    if (price === undefined) continue;
    if (typeof price === 'number') return price;
    return price.tiers.reduce((found, tier) => (context > tier.start ? tier.price : found), price.base);
  }
  return undefined;
}

/** The attributes that have the cost of a part: cached tokens are part of the input, as in the usage. */
const PART_ATTRIBUTES: Readonly<Record<CostPart, readonly string[]>> = {
  'text.input': [ATTR.OPENAI_USAGE_TEXT_INPUT_COST],
  'text.cached': [ATTR.OPENAI_USAGE_TEXT_INPUT_COST, ATTR.OPENAI_USAGE_TEXT_CACHE_READ_INPUT_COST],
  'text.output': [ATTR.OPENAI_USAGE_TEXT_OUTPUT_COST],
  'audio.input': [ATTR.OPENAI_USAGE_AUDIO_INPUT_COST],
  'audio.cached': [ATTR.OPENAI_USAGE_AUDIO_INPUT_COST, ATTR.OPENAI_USAGE_AUDIO_CACHE_READ_INPUT_COST],
  'audio.output': [ATTR.OPENAI_USAGE_AUDIO_OUTPUT_COST],
  'image.input': [ATTR.OPENAI_USAGE_IMAGE_INPUT_COST],
  'image.cached': [ATTR.OPENAI_USAGE_IMAGE_INPUT_COST, ATTR.OPENAI_USAGE_IMAGE_CACHE_READ_INPUT_COST],
  'image.output': [ATTR.OPENAI_USAGE_IMAGE_OUTPUT_COST],
};

/** Adds the cost of a part of a usage. */
export function addPartCost(attributes: Attributes, part: CostPart, cost: number): void {
  for (const name of PART_ATTRIBUTES[part]) {
    const known = attributes[name];
    attributes[name] = addCosts(typeof known === 'number' ? known : 0, cost);
  }
}
