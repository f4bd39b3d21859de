import type { Attributes } from '@opentelemetry/api';
import type { ModelPrices, PriceKey } from '../../config/model-prices.ts';
import * as ATTR from '../../semconv/attributes.ts';
import {
  type Modality,
  type ModalityUsage,
  NO_MODALITIES,
  NO_USAGE,
  roundCost,
  type Usage,
} from './usage.ts';

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
  /** Whether the provider is only a guess. Then no list prices apply unless OpenAI has answered. */
  readonly isUnlisted?: boolean | undefined;
  /** Whether the answer shows that OpenAI made it, perhaps behind a proxy. */
  readonly isFromOpenAI?: boolean | undefined;
  /** Whether this sums up model calls. Price tiers by input length do not apply to a sum. */
  readonly aggregate?: boolean | undefined;
}

type Count = (usage: Usage, of: ModalityUsage, spending: Spending) => number;

interface Amount {
  readonly count: Count;
  /** The number of units that the price refers to. */
  readonly per: number;
  /** The keys of the amount's price. The first key that has a price counts. */
  readonly keys: readonly PriceKey[];
  /** The attributes that include the cost of tokens. As in the usage, cached tokens are part of the input. */
  readonly attributes?: readonly string[];
  /** Whether an amount without a price is free. Otherwise, a missing price makes the whole cost unknown. */
  readonly isFree?: true;
}

/** What is billed. Each token counts in exactly one row, and each row has one price. */
const AMOUNTS: readonly Amount[] = [
  tokenAmount(
    [ATTR.OPENAI_USAGE_TEXT_INPUT_COST],
    ['input_mtok'],
    (usage, { audio, image }) =>
      usage.inputTokens -
      usage.cacheReadTokens -
      usage.cacheWriteTokens -
      (audio.input - audio.cached) -
      (image.input - image.cached),
  ),
  tokenAmount(
    [ATTR.OPENAI_USAGE_TEXT_INPUT_COST, ATTR.OPENAI_USAGE_TEXT_CACHE_READ_INPUT_COST],
    ['cache_read_mtok', 'input_mtok'],
    (usage, { audio, image }) => usage.cacheReadTokens - audio.cached - image.cached,
  ),
  tokenAmount(
    [ATTR.OPENAI_USAGE_TEXT_INPUT_COST],
    ['cache_write_mtok', 'input_mtok'],
    (usage) => usage.cacheWriteTokens,
  ),
  tokenAmount(
    [ATTR.OPENAI_USAGE_TEXT_OUTPUT_COST],
    ['output_mtok'],
    (usage, { audio, image }) => usage.outputTokens - usage.reasoningTokens - audio.output - image.output,
  ),
  tokenAmount(
    [ATTR.OPENAI_USAGE_TEXT_OUTPUT_COST],
    ['output_reasoning_mtok', 'output_mtok'],
    (usage) => usage.reasoningTokens,
  ),
  ...modalityAmounts(
    'audio',
    ATTR.OPENAI_USAGE_AUDIO_INPUT_COST,
    ATTR.OPENAI_USAGE_AUDIO_CACHE_READ_INPUT_COST,
    ATTR.OPENAI_USAGE_AUDIO_OUTPUT_COST,
  ),
  ...modalityAmounts(
    'image',
    ATTR.OPENAI_USAGE_IMAGE_INPUT_COST,
    ATTR.OPENAI_USAGE_IMAGE_CACHE_READ_INPUT_COST,
    ATTR.OPENAI_USAGE_IMAGE_OUTPUT_COST,
  ),
  {
    keys: ['audio_hours'],
    per: 3_600,
    count: (usage, _, { audioSeconds = 0 }) => usage.audioSeconds ?? audioSeconds,
  },
  fee('requests_kcount', (_, __, { aggregate }) => (aggregate ? 0 : 1)),
  fee('web_searches_kcount', (_, __, { webSearches = 0 }) => webSearches),
  fee('storage_searches_kcount', (_, __, { fileSearches = 0 }) => fileSearches),
];

function tokenAmount(attributes: readonly string[], keys: readonly PriceKey[], count: Count): Amount {
  return { attributes, keys, count, per: 1e6 };
}

function modalityAmounts(of: Modality, input: string, cached: string, output: string): Amount[] {
  const inputKeys: readonly PriceKey[] = [`input_${of}_mtok`, 'input_mtok'];
  const cachedKeys: readonly PriceKey[] = [`cache_${of}_read_mtok`, 'cache_read_mtok', ...inputKeys];
  return [
    tokenAmount([input], inputKeys, (_, { [of]: tokens }) => tokens.input - tokens.cached),
    tokenAmount([input, cached], cachedKeys, (_, { [of]: tokens }) => tokens.cached),
    tokenAmount([output], [`output_${of}_mtok`, 'output_mtok'], (_, { [of]: tokens }) => tokens.output),
  ];
}

function fee(key: PriceKey, count: Count): Amount {
  return { keys: [key], per: 1e3, count, isFree: true };
}

/**
 * @param parts receives the cost of the tokens of each modality as attributes
 * @returns the cost in USD; `undefined` above {@link MAX_COST} or if a price is missing
 */
export function priceOf(prices: ModelPrices, spending: Spending, parts?: Attributes): number | undefined {
  const usage = spending.usage ?? NO_USAGE;
  const modalities = usage.modalities && splitCache(prices, usage, usage.modalities);
  if (usage.modalities !== undefined && modalities === undefined) return undefined;
  const context = spending.aggregate ? 0 : usage.inputTokens;
  let sum = 0;
  for (const { attributes = [], count, per, keys, isFree } of AMOUNTS) {
    const units = count(usage, modalities ?? NO_MODALITIES, spending);
    if (units <= 0) continue;
    const price = priceAt(prices, keys, context) ?? (isFree ? 0 : undefined);
    if (price === undefined) return undefined;
    const cost = (price * units) / per;
    sum += cost;
    if (parts !== undefined)
      for (const name of attributes) parts[name] = roundCost(Number(parts[name] ?? 0) + cost);
  }
  return sum > MAX_COST ? undefined : roundCost(sum);
}

/**
 * Some APIs do not report which image tokens were cached. Cached tokens beyond the text count as images.
 *
 * @returns the tokens by modality; `undefined` if the price depends on what the API does not report
 */
function splitCache(prices: ModelPrices, usage: Usage, parts: ModalityUsage): ModalityUsage | undefined {
  const { audio, image } = parts;
  const images = image.input - image.cached;
  const uncached = images + audio.input - audio.cached;
  const excess = usage.cacheReadTokens + usage.cacheWriteTokens + uncached - usage.inputTokens;
  if (excess <= 0) return parts;
  if (excess > images || prices.input_image_mtok !== undefined) return undefined;
  return { audio, image: { ...image, cached: image.cached + excess } };
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
