import type { Attributes } from '@opentelemetry/api';
import type { ModelPrices, PriceKey } from '../../config/model-prices.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { type ModalityUsage, NO_MODALITIES, NO_USAGE, roundCost, type Usage } from './usage.ts';

/** The highest accepted cost, in USD. A higher one must be a mistake, and sums of such costs could become infinite. */
export const MAX_COST = 1e15;

export interface Fees {
  readonly audioSeconds?: number | undefined;
  readonly webSearches?: number | undefined;
  readonly fileSearches?: number | undefined;
  /** Whether there were web searches whose number the API does not report. */
  readonly hasUncountedSearches?: boolean;
  /** Whether the API bills anything else, of which the amount or the price is unknown. */
  readonly hasOthers?: boolean;
}

export interface Spending extends Fees {
  readonly usage?: Usage | undefined;
  /** The cost in USD that the provider itself reports. */
  readonly reported?: number | undefined;
  /** Whether this sums up model calls. Price tiers by input length do not apply to a sum. */
  readonly aggregate?: boolean | undefined;
}

type CostPart = `${'text' | 'audio' | 'image'}.${'input' | 'cached' | 'output'}`;

type Count = (usage: Usage, of: ModalityUsage, spending: Spending) => number;

interface Amount {
  /** The part of the cost that the amount belongs to; `undefined` for anything but tokens. */
  readonly part?: CostPart;
  readonly count: Count;
  /** The number of units that the price refers to. */
  readonly per: number;
  /** The keys of the amount's price. The first key that has a price counts. */
  readonly keys: readonly PriceKey[];
  /** Whether an amount without a price is free. Otherwise, a missing price makes the whole cost unknown. */
  readonly isFree?: true;
}

/** What is billed. Each token counts in exactly one row, and each row has one price. */
const AMOUNTS: readonly Amount[] = [
  tokenAmount(
    'text.input',
    ['input_mtok'],
    (usage, of) =>
      usage.inputTokens -
      usage.cacheReadTokens -
      usage.cacheWriteTokens -
      (of.audioInputTokens - of.audioCacheReadTokens) -
      (of.imageInputTokens - of.imageCacheReadTokens),
  ),
  tokenAmount(
    'text.cached',
    ['cache_read_mtok', 'input_mtok'],
    (usage, of) => usage.cacheReadTokens - of.audioCacheReadTokens - of.imageCacheReadTokens,
  ),
  tokenAmount('text.input', ['cache_write_mtok', 'input_mtok'], (usage) => usage.cacheWriteTokens),
  tokenAmount(
    'audio.input',
    ['input_audio_mtok', 'input_mtok'],
    (_, of) => of.audioInputTokens - of.audioCacheReadTokens,
  ),
  tokenAmount(
    'audio.cached',
    ['cache_audio_read_mtok', 'cache_read_mtok', 'input_audio_mtok', 'input_mtok'],
    (_, of) => of.audioCacheReadTokens,
  ),
  tokenAmount(
    'image.input',
    ['input_image_mtok', 'input_mtok'],
    (_, of) => of.imageInputTokens - of.imageCacheReadTokens,
  ),
  tokenAmount(
    'image.cached',
    ['cache_image_read_mtok', 'cache_read_mtok', 'input_image_mtok', 'input_mtok'],
    (_, of) => of.imageCacheReadTokens,
  ),
  tokenAmount(
    'text.output',
    ['output_mtok'],
    (usage, of) => usage.outputTokens - usage.reasoningTokens - of.audioOutputTokens - of.imageOutputTokens,
  ),
  tokenAmount('text.output', ['output_reasoning_mtok', 'output_mtok'], (usage) => usage.reasoningTokens),
  tokenAmount('audio.output', ['output_audio_mtok', 'output_mtok'], (_, of) => of.audioOutputTokens),
  tokenAmount('image.output', ['output_image_mtok', 'output_mtok'], (_, of) => of.imageOutputTokens),
  amount(['audio_hours'], 3_600, (usage, _, { audioSeconds = 0 }) => usage.audioSeconds ?? audioSeconds),
  fee('requests_kcount', (_, __, { aggregate }) => (aggregate ? 0 : 1)),
  fee('web_searches_kcount', (_, __, { webSearches = 0 }) => webSearches),
  fee('storage_searches_kcount', (_, __, { fileSearches = 0 }) => fileSearches),
];

function amount(keys: readonly PriceKey[], per: number, count: Count): Amount {
  return { keys, per, count };
}

function tokenAmount(part: CostPart, keys: readonly PriceKey[], count: Count): Amount {
  return { ...amount(keys, 1e6, count), part };
}

function fee(key: PriceKey, count: Count): Amount {
  return { ...amount([key], 1e3, count), isFree: true };
}

/**
 * @param parts receives the cost of each part as an attribute
 * @returns the cost in USD; `undefined` above {@link MAX_COST} or if a price is missing
 */
export function priceOf(prices: ModelPrices, spending: Spending, parts?: Attributes): number | undefined {
  const usage = spending.usage ?? NO_USAGE;
  const modalities = usage.modalities && splitCache(prices, usage, usage.modalities);
  if (usage.modalities !== undefined && modalities === undefined) return undefined;
  const context = spending.aggregate ? 0 : usage.inputTokens;
  let sum = 0;
  for (const { part, count, per, keys, isFree } of AMOUNTS) {
    const units = count(usage, modalities ?? NO_MODALITIES, spending);
    if (units <= 0) continue;
    const price = priceAt(prices, keys, context) ?? (isFree ? 0 : undefined);
    if (price === undefined) return undefined;
    const cost = (price * units) / per;
    sum += cost;
    if (part !== undefined && parts !== undefined) addPartCost(parts, part, cost);
  }
  return sum > MAX_COST ? undefined : roundCost(sum);
}

/**
 * Some APIs do not report which image tokens were cached. Cached tokens beyond the text count as images.
 *
 * @returns the tokens by modality; `undefined` if the price depends on what the API does not report
 */
function splitCache(prices: ModelPrices, usage: Usage, parts: ModalityUsage): ModalityUsage | undefined {
  const images = parts.imageInputTokens - parts.imageCacheReadTokens;
  const audio = parts.audioInputTokens - parts.audioCacheReadTokens;
  const excess = usage.cacheReadTokens + usage.cacheWriteTokens + images + audio - usage.inputTokens;
  if (excess <= 0) return parts;
  if (excess > images || prices.input_image_mtok !== undefined) return undefined;
  return { ...parts, imageCacheReadTokens: parts.imageCacheReadTokens + excess };
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

/** The attributes that include the cost of a part. As in the usage, cached tokens are part of the input. */
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

function addPartCost(attributes: Attributes, part: CostPart, cost: number): void {
  for (const name of PART_ATTRIBUTES[part]) {
    const known = attributes[name];
    attributes[name] = roundCost((typeof known === 'number' ? known : 0) + cost);
  }
}
