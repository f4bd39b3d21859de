import type { Attributes } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { ModelPrices, PricePackage } from '../../config/model-prices.ts';
import {
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_OPENAI_REQUEST_SERVICE_TIER,
  ATTR_OPENAI_RESPONSE_SERVICE_TIER,
} from '../../semconv/attributes.ts';
import { log } from '../../util/guard.ts';
import { asText, row } from '../../util/payload.ts';
import { includesAll } from './list-prices.ts';
import { PriceList } from './price-package.ts';
import { type CostPart, priceOf, roundCost, type Spending } from './prices.ts';

const MAX_REPORTED_MODELS = 100;

/** The service tiers to which list prices apply. */
const STANDARD_TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'standard', 'on_demand']);

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

  /** Called with each call: loads the price package while the program waits for the response. */
  prepare(): void {
    this.#list()?.prepare();
  }

  /**
   * @param request the attributes of the request: provider, model and service tier
   * @param response the attributes of the response
   * @param tell called with the cost of each part
   * @returns the cost in USD; `undefined` if the price is unknown
   */
  of(
    spending: Spending,
    request: Attributes,
    response: Attributes = request,
    tell?: (part: CostPart, cost: number) => void,
  ): number | undefined {
    const list = this.#list();
    const { usage, audioSeconds, reported, hasOthers, hasUncountedSearches } = spending;
    if (list === undefined || (usage ?? audioSeconds ?? reported) === undefined) return undefined;
    const requestModel = asText(request[ATTR_GEN_AI_REQUEST_MODEL]);
    const responseModel = asText(response[ATTR_GEN_AI_RESPONSE_MODEL]);
    const provider = String(request[ATTR_GEN_AI_PROVIDER_NAME]);
    const tier = String(
      response[ATTR_OPENAI_RESPONSE_SERVICE_TIER] ?? request[ATTR_OPENAI_REQUEST_SERVICE_TIER] ?? 'default',
    );
    const own = this.#findOwn(requestModel, responseModel);
    if (own === undefined && reported !== undefined) return roundCost(reported);
    // No price of the program could cover it.
    if (hasOthers || usage?.isPartial) return undefined;
    // Searches are free where the program's own prices have none for them.
    const areSearchesFree = own !== undefined && own.web_searches_kcount === undefined;
    if (hasUncountedSearches && !areSearchesFree) return undefined;
    const model = provider === NAMES_DEPLOYMENTS ? responseModel : (responseModel ?? requestModel);
    const prices = own ?? findWhole(list, model, request, spending);
    const inTier = STANDARD_TIERS.has(tier) ? prices : pricesOfTier(prices, tier);
    const cost = inTier === undefined ? undefined : priceOf(inTier, spending, tell);
    if (cost !== undefined) return cost;
    const { settings } = this.#holder;
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

  #findOwn(requestModel: string | undefined, responseModel: string | undefined): ModelPrices | undefined {
    const { prices } = this.#holder.settings;
    return findModel(prices, responseModel, requestModel) ?? findModel(prices, requestModel);
  }

  /** Logs a missing price once for each model, for those who wonder about the missing cost. */
  #report(provider: string, model: string | undefined, tier: string): void {
    const what = `${model ?? 'an unnamed model'} of ${provider}${STANDARD_TIERS.has(tier) ? '' : ` in service tier ${tier}`}`;
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
  const prices = list.find(String(request[ATTR_GEN_AI_PROVIDER_NAME]), model);
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
  // The alias counts before the same name with `*`, which is for other models, too.
  const rankOf = (name: string): number => name.length + (name === alias ? 1.5 : 0);
  for (const name in prices) {
    if (name === model) return prices[name];
    const isPrefix = name === alias || name.endsWith('*');
    const fits = isPrefix && model.startsWith(name.replace(/\*$/, ''));
    if (fits && rankOf(name) > rankOf(best)) best = name;
  }
  return prices[best];
}
