import type { Attributes } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { ModelPrices, PricePackage } from '../../config/model-prices.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { log } from '../../util/guard.ts';
import { asText, field, numberField, row } from '../../util/payload.ts';
import { PriceList } from './price-package.ts';
import { MAX_COST, priceOf, type Spending } from './prices.ts';
import { roundCost } from './usage.ts';

const MAX_REPORTED_MODELS = 100;

/** The service tiers to which list prices apply. */
const STANDARD_TIERS: readonly string[] = ['auto', 'default', 'standard', 'on_demand'];

/** Here the customer chooses the names of deployments, so they do not identify the model. */
export const NAMES_DEPLOYMENTS = 'azure.ai.openai';

/** Shared by the process, so that the price package is loaded once. */
const installed = new PriceList();
const programPrices = new WeakMap<PricePackage, PriceList>();

/** Computes the cost of operations from the program's prices and the price package. */
export class Costs {
  readonly #holder: { readonly settings: Settings };
  readonly #reported = new Set<string>();

  /** @param holder of the settings, which may change */
  constructor(holder: { readonly settings: Settings }) {
    this.#holder = holder;
  }

  /** Whether costs are recorded at all. */
  get wanted(): boolean {
    return this.#holder.settings.cost !== false;
  }

  /** Called with the first calls: loads the price package while the program waits for the response. */
  prepare(): void {
    this.#list()?.prepare();
  }

  /**
   * @param request the attributes of the request: provider, model and service tier
   * @param response the attributes of the response
   * @param parts gets the cost of each part as an attribute
   * @returns the cost in USD; `undefined` if the price is unknown
   */
  of(
    spending: Spending,
    request: Attributes,
    response: Attributes = request,
    parts?: Attributes,
  ): number | undefined {
    const list = this.#list();
    const { settings } = this.#holder;
    const { usage, audioSeconds, reported, hasOthers, hasUncountedSearches } = spending;
    if (list === undefined || (usage ?? audioSeconds ?? reported) === undefined) return undefined;
    const requestModel = asText(request[ATTR.GEN_AI_REQUEST_MODEL]);
    const responseModel = asText(response[ATTR.GEN_AI_RESPONSE_MODEL]);
    const provider = String(request[ATTR.GEN_AI_PROVIDER_NAME]);
    const tier = String(
      response[ATTR.OPENAI_RESPONSE_SERVICE_TIER] ?? request[ATTR.OPENAI_REQUEST_SERVICE_TIER] ?? 'default',
    );
    const own =
      findModel(settings.prices, responseModel, requestModel) ?? findModel(settings.prices, requestModel);
    if (own === undefined && reported !== undefined) return roundCost(reported);
    // No price of the program could cover it.
    if (hasOthers || usage?.isPartial) return undefined;
    // Searches are free where the program's own prices have none for them.
    const areSearchesFree = own !== undefined && own.web_searches_kcount === undefined;
    if (hasUncountedSearches && !areSearchesFree) return undefined;
    const model = provider === NAMES_DEPLOYMENTS ? responseModel : (responseModel ?? requestModel);
    const prices = own ?? findWhole(list, model, request, spending);
    const inTier = STANDARD_TIERS.includes(tier) ? prices : pricesOfTier(prices, tier);
    const cost = inTier === undefined ? undefined : priceOf(inTier, spending, parts);
    if (cost !== undefined) return cost;
    if (list.available) this.#report(provider, responseModel ?? requestModel, tier);
    else if (settings.cost === true || settings.events !== undefined) void list.noticeMissing();
    return undefined;
  }

  #list(): PriceList | undefined {
    const { cost } = this.#holder.settings;
    if (cost === false) return undefined;
    if (cost === undefined || cost === true) return installed;
    let list = programPrices.get(cost);
    if (list === undefined) {
      list = new PriceList(cost);
      programPrices.set(cost, list);
    }
    return list;
  }

  /** Logs a missing price once for each model, for those who wonder about the missing cost. */
  #report(provider: string, model: string | undefined, tier: string): void {
    const what = `${model ?? 'an unnamed model'} of ${provider}${STANDARD_TIERS.includes(tier) ? '' : ` in service tier ${tier}`}`;
    if (this.#reported.has(what) || this.#reported.size >= MAX_REPORTED_MODELS) return;
    this.#reported.add(what);
    log('info', `no price is known for ${what}, so its calls have no cost; the option prices can add one.`);
  }
}

/** The list prices of a model, if they include all that is billed. */
function findWhole(
  list: PriceList,
  model: string | undefined,
  request: Attributes,
  spending: Spending,
): ModelPrices | undefined {
  if (model === undefined) return undefined;
  const prices = list.find(String(request[ATTR.GEN_AI_PROVIDER_NAME]), model);
  return prices !== undefined && includesAll(prices, model, request, spending) ? prices : undefined;
}

/** The prices of a service tier, with the model's fees for requests and searches where it has none of its own. */
function pricesOfTier(prices: ModelPrices | undefined, tier: string): ModelPrices | undefined {
  const own = row(prices?.service_tiers ?? {}, tier);
  if (prices === undefined || own === undefined) return undefined;
  const { requests_kcount, web_searches_kcount, storage_searches_kcount } = prices;
  return { requests_kcount, web_searches_kcount, storage_searches_kcount, ...own };
}

/**
 * The row of a model: an exact match, else the longest match that ends in `*`.
 *
 * @param alias the model asked for, whose name also matches its dated answers
 */
function findModel(
  prices: Readonly<Record<string, ModelPrices>>,
  model: string | undefined,
  alias?: string,
): ModelPrices | undefined {
  if (model === undefined) return undefined;
  // Fits every model, if there is such a price.
  let best = '*';
  for (const name in prices) {
    if (name === model) return prices[name];
    const isPrefix = name === alias || name.endsWith('*');
    const fits = isPrefix && model.startsWith(name.replace(/\*$/, ''));
    if (fits && rankOf(name, alias) > rankOf(best, alias)) best = name;
  }
  return prices[best];
}

/** The alias counts before the same name with `*`, which is for other models, too. */
function rankOf(name: string, alias: string | undefined): number {
  return name.length + (name === alias ? 1.5 : 0);
}

/** They bill audio at a higher price than text, so text prices do not apply to it. */
const SELLS_OPENAI: readonly unknown[] = ['openai', 'azure.ai.openai'];

/** Each call of these chat models searches the web, for a fee. */
const SEARCHES_ALWAYS = /-search-(?:preview|api)/;

/** OpenAI's regional endpoints charge 10 % more for models released since GPT-5.4. */
const REGIONAL = /^[^.]+\.api\.openai\.com$/;
const WITHOUT_REGIONAL_PRICE =
  /^(?:ft:)?(?:gpt-[34]|gpt-5(?![.\d])|gpt-5\.[0-3]|o[134]|codex|computer-use|gpt-(?:audio|image-1|realtime)|text-|tts-|whisper)/;

/**
 * Whether the list prices of a model include all that is billed. A cost that lacks a part would be wrong.
 *
 * @param request the attributes of the request
 */
export function includesAll(
  prices: ModelPrices,
  model: string,
  request: Attributes,
  spending: Spending,
): boolean {
  const { usage, webSearches = 0, fileSearches = 0 } = spending;
  if (webSearches > 0 && prices.web_searches_kcount === undefined) return false;
  if (fileSearches > 0 && prices.storage_searches_kcount === undefined) return false;
  if (!SELLS_OPENAI.includes(request[ATTR.GEN_AI_PROVIDER_NAME])) return true;
  if (SEARCHES_ALWAYS.test(model) && prices.requests_kcount === undefined) return false;
  if (REGIONAL.test(String(request[ATTR.SERVER_ADDRESS])) && !WITHOUT_REGIONAL_PRICE.test(model))
    return false;
  const { audioInputTokens = 0, audioOutputTokens = 0 } = usage?.modalities ?? {};
  if (audioInputTokens > 0 && prices.input_audio_mtok === undefined) return false;
  return audioOutputTokens === 0 || prices.output_audio_mtok !== undefined;
}

const TICKS_PER_USD = 1e10;

/** Where a provider reports what a call has cost, by `gen_ai.provider.name`. Others may use the fields otherwise. */
const REPORTED: ReadonlyMap<unknown, (usage: unknown) => number | undefined> = new Map([
  ['openrouter', readOpenRouterCost],
  ['perplexity', (usage: unknown) => numberField(field(usage, 'cost'), 'total_cost')],
  ['x_ai', readTicks],
]);

/** The cost in USD that the provider reports in the usage of a result. */
export function readReportedCost(provider: unknown, result: unknown): number | undefined {
  const read = REPORTED.get(provider);
  if (read === undefined) return undefined;
  const cost = read(field(result, 'usage'));
  return cost === undefined || cost < 0 || cost > MAX_COST ? undefined : cost;
}

function readTicks(usage: unknown): number | undefined {
  const ticks = numberField(usage, 'cost_in_usd_ticks');
  return ticks === undefined ? undefined : ticks / TICKS_PER_USD;
}

/** With a key of the customer's own, `cost` is only the fee: the model is billed by its provider. */
function readOpenRouterCost(usage: unknown): number | undefined {
  const cost = numberField(usage, 'cost');
  if (field(usage, 'is_byok') !== true) return cost;
  const upstream = numberField(field(usage, 'cost_details'), 'upstream_inference_cost');
  return cost === undefined || upstream === undefined ? undefined : cost + upstream;
}
