import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import { field, isAmount, ownField } from '../util/payload.ts';

/** A price in USD. In a tier, `price` applies to requests with more than `start` input tokens. */
export type Price =
  | number
  | {
      readonly base: number;
      readonly tiers: readonly Tier[];
    };

interface Tier {
  readonly start: number;
  readonly price: number;
}

/**
 * The prices of a model, named as in `@pydantic/genai-prices`: `_mtok` is USD per million tokens, `_kcount` USD per
 * thousand, `_hours` USD per hour. Tokens without a specific price, such as cached ones, use the general price.
 */
export interface ModelPrices {
  readonly input_mtok?: Price | undefined;
  readonly output_mtok?: Price | undefined;
  readonly cache_read_mtok?: Price | undefined;
  readonly cache_write_mtok?: Price | undefined;
  readonly input_audio_mtok?: Price | undefined;
  readonly cache_audio_read_mtok?: Price | undefined;
  readonly output_audio_mtok?: Price | undefined;
  readonly input_image_mtok?: Price | undefined;
  readonly cache_image_read_mtok?: Price | undefined;
  readonly output_image_mtok?: Price | undefined;
  readonly output_reasoning_mtok?: Price | undefined;
  readonly audio_hours?: Price | undefined;
  readonly requests_kcount?: Price | undefined;
  readonly web_searches_kcount?: Price | undefined;
  readonly storage_searches_kcount?: Price | undefined;
  /** Prices by service tier: `flex`, `priority`, `batch`. */
  readonly service_tiers?: Readonly<Record<string, ModelPrices>> | undefined;
}

export type PriceKey = Exclude<keyof ModelPrices, 'service_tiers'>;

/** `ModelPrices` has a field for each. */
const PRICE_KEYS: ReadonlySet<string> = new Set<PriceKey>([
  'input_mtok',
  'output_mtok',
  'cache_read_mtok',
  'cache_write_mtok',
  'input_audio_mtok',
  'cache_audio_read_mtok',
  'output_audio_mtok',
  'input_image_mtok',
  'cache_image_read_mtok',
  'output_image_mtok',
  'output_reasoning_mtok',
  'audio_hours',
  'requests_kcount',
  'web_searches_kcount',
  'storage_searches_kcount',
]);

/** Matches keys that are meant as prices, known or not. */
const PRICE_NAME = /_(?:mtok|kcount|hours)$|^service_tiers$/;

/**
 * Reads untrusted prices. Ignores entries that are not prices; returns `undefined` if none is a price.
 *
 * @param isStrict whether one invalid price makes all invalid, because costs without it would be wrong
 */
export function readPrices(value: unknown, isStrict: boolean): ModelPrices | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const prices: Record<string, unknown> = ownFields({});
  for (const [key, entry] of Object.entries(value)) {
    const price =
      key === 'service_tiers'
        ? readPriceTable(entry, isStrict)
        : PRICE_KEYS.has(key)
          ? readPrice(entry)
          : undefined;
    if (price !== undefined) prices[key] = price;
    else if (isStrict && entry !== undefined && PRICE_NAME.test(key)) return undefined;
  }
  return Object.keys(prices).length > 0 ? prices : undefined;
}

/** Reads untrusted prices of models or service tiers. `undefined` if a row has no valid price. */
export function readPriceTable(
  value: unknown,
  isStrict: boolean,
): Readonly<Record<string, ModelPrices>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const rows = Object.entries(value).map(([name, entry]) => [name, readPrices(entry, isStrict)] as const);
  return rows.every(([, prices]) => prices !== undefined)
    ? ownFields(Object.fromEntries(rows) as Record<string, ModelPrices>)
    : undefined;
}

/** The first model with an invalid price, and the key of that price if it is known: `gpt-4o.input_mtok`. */
export function wrongPrice(value: unknown): string | undefined {
  for (const [model, prices] of Object.entries(typeof value === 'object' ? (value ?? {}) : {})) {
    if (readPrices(prices, true) !== undefined) continue;
    const wrong = Object.keys(prices ?? {}).find(
      (key) => PRICE_NAME.test(key) && readPrices({ [key]: ownField(prices, key) }, true) === undefined,
    );
    return wrong === undefined ? model : `${model}.${wrong}`;
  }
  return undefined;
}

function readPrice(value: unknown): Price | undefined {
  if (isAmount(value)) return value;
  const [base, tiers] = [ownField(value, 'base'), ownField(value, 'tiers')];
  if (!isAmount(base) || !Array.isArray(tiers)) return undefined;
  const rows = tiers.map((tier) => ({ start: ownField(tier, 'start'), price: ownField(tier, 'price') }));
  if (!rows.every((row): row is Tier => isAmount(row.start) && isAmount(row.price))) return undefined;
  return { base, tiers: rows.sort((a, b) => a.start - b.start) };
}

/** The part of `@pydantic/genai-prices` that this package uses. */
export interface PricePackage {
  calcPrice(usage: object, model: string, options: object): unknown;
}

/** Recognises the package as a namespace or, in a CommonJS build, as the namespace's `default`. */
export function asPricePackage(value: unknown): PricePackage | undefined {
  return [value, ownField(value, 'default')].find((candidate): candidate is PricePackage => {
    const method = field(candidate, 'calcPrice');
    return typeof method === 'function' && method !== field(Object.prototype, 'calcPrice');
  });
}
