import type { Attributes } from '@opentelemetry/api';
import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import type { Settings } from '../../config/config.ts';
import type { ModelPrices, Price, PricePackage } from '../../config/model-prices.ts';
import { notice } from '../../diagnostics/report.ts';
import { type Endpoint, isFromOpenAI } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { asAmount, asName, field, numberField, readHeader, row } from '../../util/payload.ts';
import { MAX_COST, priceOf, type Spending } from './billed-amounts.ts';
import { hasListPrices, PriceList } from './price-package.ts';
import { NO_MODALITIES, roundCost } from './usage.ts';

/** The service tiers to which list prices apply. */
const STANDARD_TIERS: readonly string[] = ['auto', 'default', 'standard', 'on_demand'];

/** The provider whose customers name their deployments. Such a name does not identify the model. */
export const NAMES_DEPLOYMENTS = 'azure.ai.openai';

/** The installed price package's list. The whole process shares it, so the package is loaded only once. */
const installed = new PriceList();
const programPrices = new WeakMap<PricePackage, PriceList>();

/** The list prices; `undefined` if costs are off. */
export function priceListOf({ cost }: Pick<Settings, 'cost'>): PriceList | undefined {
  if (cost === false) return undefined;
  if (cost === undefined || cost === true) return installed;
  const list = programPrices.get(cost) ?? new PriceList(cost);
  programPrices.set(cost, list);
  return list;
}

/**
 * Finds a cost: by the program's prices, else as the provider reports it, else by list prices.
 *
 * @param request the attributes of the request: provider, model, service tier and server address
 * @param parts receives the cost of each part as an attribute
 * @returns the cost in USD; `undefined` if costs are off, or if a price or an amount is unknown
 */
export function findCost(
  settings: Settings,
  spending: Spending,
  request: Attributes,
  response: Attributes = request,
  parts?: Attributes,
): number | undefined {
  const list = priceListOf(settings);
  const { usage, audioSeconds, reported, hasOthers, hasUncountedSearches } = spending;
  if (list === undefined || (usage ?? audioSeconds ?? reported) === undefined) return undefined;
  const requestModel = asName(request[ATTR.GEN_AI_REQUEST_MODEL]);
  const responseModel = asName(response[ATTR.GEN_AI_RESPONSE_MODEL]);
  const provider = sellerOf(request, spending);
  const tier = String(
    response[ATTR.OPENAI_RESPONSE_SERVICE_TIER] ?? request[ATTR.OPENAI_REQUEST_SERVICE_TIER] ?? 'default',
  );
  const own =
    findModel(settings.prices, responseModel, requestModel) ?? findModel(settings.prices, requestModel);
  if (own === undefined && reported !== undefined) return roundCost(reported);
  // An amount is unknown, so not even the program's own prices could give the whole cost.
  if (hasOthers || usage?.isPartial) return undefined;
  // If the program sets a price for the model but none for searches, searches are free.
  const areSearchesFree = own !== undefined && own.web_searches_kcount === undefined;
  if (hasUncountedSearches && !areSearchesFree) return undefined;
  const model = provider === NAMES_DEPLOYMENTS ? responseModel : (responseModel ?? requestModel);
  const listed = own === undefined && model !== undefined ? list.find(provider, model) : undefined;
  if (listed !== undefined && spending.isUnlisted && !spending.isFromOpenAI) {
    notice('host_unlisted', hostOf(request));
    return undefined;
  }
  const isComplete = listed !== undefined && includesAll(listed, String(model), request, spending);
  const prices = own ?? (isComplete ? listed : undefined);
  const inTier = STANDARD_TIERS.includes(tier)
    ? prices
    : (pricesOfTier(prices, tier) ?? (tier === 'flex' && provider === 'openai' ? halved(listed) : undefined));
  const cost = inTier === undefined ? undefined : priceOf(inTier, spending, parts);
  if (cost !== undefined) return cost;
  if (list.available)
    list.noticeUnknown(
      provider,
      responseModel ?? requestModel,
      STANDARD_TIERS.includes(tier) ? undefined : tier,
    );
  else if (settings.cost === true || settings.events !== undefined) void list.noticeMissing();
  return undefined;
}

/** The provider whose prices apply: OpenAI's also behind a gateway that has no prices of its own. */
function sellerOf(request: Attributes, { isFromOpenAI }: Spending): string {
  const provider = String(request[ATTR.GEN_AI_PROVIDER_NAME]);
  return isFromOpenAI && !hasListPrices(provider) ? 'openai' : provider;
}

/** The host as the option `providers` takes it. */
function hostOf({ [ATTR.SERVER_ADDRESS]: address, [ATTR.SERVER_PORT]: port }: Attributes): string {
  const host = String(address).includes(':') ? `[${address}]` : String(address);
  return port === 443 || port === 80 ? host : `${host}:${port}`;
}

/** What an answer shows of its costs, besides its usage. */
export interface Billing {
  readonly isFromOpenAI: boolean;
  /** The cost in USD that a header reports. */
  readonly reported: number | undefined;
}

/** `undefined` if the endpoint says enough about the provider. @param isStream whether headers precede the answer */
export function readBilling(endpoint: Endpoint, headers: unknown, isStream: boolean): Billing | undefined {
  if (!endpoint.isUnlisted && endpoint.provider !== 'litellm' && hasListPrices(endpoint.provider))
    return undefined;
  const reported = Number(readHeader(headers, 'x-litellm-response-cost') ?? Number.NaN);
  // LiteLLM does not know the cost of a stream before it begins.
  const isKnown = reported <= MAX_COST && (isStream ? reported > 0 : reported >= 0);
  return { isFromOpenAI: isFromOpenAI(headers), reported: isKnown ? reported : undefined };
}

/** @param billing of the answer. Default: what the endpoint has shown so far */
export function sellerFacts(
  endpoint: Endpoint | undefined,
  billing?: Billing,
): Pick<Spending, 'isUnlisted' | 'isFromOpenAI'> {
  const { isUnlisted, servesOpenAI } = endpoint ?? {};
  return { isUnlisted, isFromOpenAI: billing?.isFromOpenAI ?? servesOpenAI };
}

/** OpenAI's flex processing costs as much as its Batch API: half of the list price. Fees stay the same. */
function halved(prices: ModelPrices | undefined): ModelPrices | undefined {
  if (prices === undefined) return undefined;
  const half = (price: Price): Price =>
    typeof price === 'number'
      ? price / 2
      : { base: price.base / 2, tiers: price.tiers.map((tier) => ({ ...tier, price: tier.price / 2 })) };
  return Object.fromEntries(
    Object.entries(prices).map(([key, price]) => [key, key.endsWith('_mtok') ? half(price as Price) : price]),
  );
}

/** The prices of a service tier. If the tier has no fees for requests and searches, those of the model apply. */
function pricesOfTier(prices: ModelPrices | undefined, tier: string): ModelPrices | undefined {
  const own = row(prices?.service_tiers ?? {}, tier);
  if (prices === undefined || own === undefined) return undefined;
  const { requests_kcount, web_searches_kcount, storage_searches_kcount } = prices;
  return ownFields({ requests_kcount, web_searches_kcount, storage_searches_kcount, ...own });
}

/**
 * Finds the prices of a model: an exact match, else the longest name that ends in `*` and fits. `alias`, the
 * requested model, also matches the dated version that answered.
 */
function findModel(
  prices: Readonly<Record<string, ModelPrices>>,
  model: string | undefined,
  alias?: string,
): ModelPrices | undefined {
  if (model === undefined) return undefined;
  // The pattern `*` fits every model, if the prices contain it.
  let best = '*';
  for (const name in prices) {
    if (name === model) return prices[name];
    const isPrefix = name === alias || name.endsWith('*');
    const fits = isPrefix && model.startsWith(name.replace(/\*$/, ''));
    if (fits && rankOf(name, alias) > rankOf(best, alias)) best = name;
  }
  return prices[best];
}

/** Ranks a matching name. The alias comes before the same name with `*`, which also matches other models. */
function rankOf(name: string, alias: string | undefined): number {
  return name.length + (name === alias ? 1.5 : 0);
}

/** The providers of OpenAI's models. They charge more for audio than for text, so text prices do not apply to audio. */
const SELLS_OPENAI: readonly string[] = ['openai', 'azure.ai.openai'];

/** Each call of these chat models searches the web, for a fee. */
const SEARCHES_ALWAYS = /-search-(?:preview|api)/;

/**
 * A web search of a model that does not reason costs $25 per thousand with the older version of the tool, $10 otherwise.
 * Small models then also pay for 8,000 tokens, which the usage does not show.
 */
const VARYING_SEARCH_FEE = /^(?:ft:)?gpt-4/;

/** OpenAI's regional endpoints charge 10 % more for models released since GPT-5.4. */
const REGIONAL = /^[^.]+\.api\.openai\.com$/;
const WITHOUT_REGIONAL_PRICE =
  /^(?:ft:)?(?:gpt-[34]|gpt-5(?![.\d])|gpt-5\.[0-3]|o[134]|codex|computer-use|gpt-(?:audio|image-1|realtime)|text-|tts-|whisper)/;

/** Whether the list prices of a model include all that was billed: a cost without one of its parts would be wrong. */
export function includesAll(
  prices: ModelPrices,
  model: string,
  request: Attributes,
  spending: Spending,
): boolean {
  const { usage, webSearches = 0, fileSearches = 0 } = spending;
  if (webSearches > 0 && prices.web_searches_kcount === undefined) return false;
  if (fileSearches > 0 && prices.storage_searches_kcount === undefined) return false;
  if (!SELLS_OPENAI.includes(sellerOf(request, spending))) return true;
  if (webSearches > 0 && VARYING_SEARCH_FEE.test(model)) return false;
  if (SEARCHES_ALWAYS.test(model) && prices.requests_kcount === undefined) return false;
  if (REGIONAL.test(String(request[ATTR.SERVER_ADDRESS])) && !WITHOUT_REGIONAL_PRICE.test(model))
    return false;
  // Cached tokens of fine-tuned models cost half, which the price package does not list.
  const isCached = usage !== undefined && usage.cacheReadTokens > 0;
  if (isCached && model.startsWith('ft:') && prices.cache_read_mtok === undefined) return false;
  const { input, output } = usage?.modalities?.audio ?? NO_MODALITIES.audio;
  if (input > 0 && prices.input_audio_mtok === undefined) return false;
  return output === 0 || prices.output_audio_mtok !== undefined;
}

const TICKS_PER_USD = 1e10;

/** Reads the cost that a provider reports. Other providers may use these fields for something else. */
const REPORTED: ReadonlyMap<unknown, (usage: unknown) => number | undefined> = new Map([
  ['openrouter', readGatewayCost],
  ['vercel.ai_gateway', readGatewayCost],
  ['deepinfra', (usage: unknown) => asAmount(field(usage, 'estimated_cost'))],
  ['perplexity', (usage: unknown) => numberField(field(usage, 'cost'), 'total_cost')],
  ['x_ai', (usage: unknown) => (numberField(usage, 'cost_in_usd_ticks') ?? Number.NaN) / TICKS_PER_USD],
]);

export function readReportedCost(provider: unknown, result: unknown): number | undefined {
  const read = REPORTED.get(provider);
  if (read === undefined) return undefined;
  const cost = read(field(result, 'usage')) ?? Number.NaN;
  return cost >= 0 && cost <= MAX_COST ? cost : undefined;
}

/** With the customer's own key (`is_byok`), `cost` is only the gateway's fee. The model's provider bills the rest. */
function readGatewayCost(usage: unknown): number | undefined {
  const cost = numberField(usage, 'cost');
  if (field(usage, 'is_byok') !== true) return cost;
  const upstream = numberField(field(usage, 'cost_details'), 'upstream_inference_cost');
  return cost === undefined || upstream === undefined ? undefined : cost + upstream;
}
