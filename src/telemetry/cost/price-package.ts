import { terminalSafe } from 'openai-traces-viewer/shared/terminal-safe.ts';
import {
  asPricePackage,
  type ModelPrices,
  type PricePackage,
  readPrices,
} from '../../config/model-prices.ts';
import { notice } from '../../diagnostics/report.ts';
import { isOfSandbox } from '../../util/built-in.ts';
import { log } from '../../util/guard.ts';
import { findPackage, installsMissing } from '../../util/optional-packages.ts';
import { field } from '../../util/payload.ts';
import { platformTimers, startOutside } from '../../util/timers.ts';

const PACKAGE = '@pydantic/genai-prices';
const MAX_REPORTED_MODELS = 100;
/** How many models of each provider are cached. One more empties the provider's cache. */
const MAX_CACHED_MODELS = 500;
/** After this time, all cached prices are dropped, because some prices change by date or time of day. */
const PRICES_LIFETIME_MS = 60_000;
/** The delay before the package is loaded. By then, the program usually waits for its first response. */
const LOAD_DELAY_MS = 50;

/** The names of providers in the price package, by `gen_ai.provider.name`. */
const PRICE_PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['openai', 'openai'],
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['aws.bedrock', 'aws'],
  ['gcp.gemini', 'google'],
  ['gcp.gen_ai', 'google'],
  ['gcp.vertex_ai', 'google'],
  ['anthropic', 'anthropic'],
  ['x_ai', 'x-ai'],
  ['groq', 'groq'],
  ['deepseek', 'deepseek'],
  ['mistral_ai', 'mistral'],
  ['moonshot_ai', 'moonshotai'],
  ['perplexity', 'perplexity'],
  ['cohere', 'cohere'],
  ['openrouter', 'openrouter'],
  ['together_ai', 'together'],
  ['fireworks_ai', 'fireworks'],
  ['cerebras', 'cerebras'],
  ['z_ai', 'zai'],
  ['zhipu_ai', 'zhipuai'],
  ['minimax', 'minimax'],
  ['cloudflare.workers_ai', 'cloudflare'],
  ['baseten', 'baseten'],
  ['litellm', 'litellm'],
]);

/** Whether the price package may know what a provider charges. */
export function hasListPrices(provider: string): boolean {
  return PRICE_PROVIDERS.has(provider);
}

/** Open-weight models, which OpenAI does not sell. A server that answers with one has other prices. */
const NOT_SOLD = /^gpt-oss/;

/** The publisher that Google's OpenAI-compatible endpoints put before the name of a model. */
const PUBLISHER = /^(?:google|models)\//;

const ZERO_TOKENS = { input_tokens: 0, output_tokens: 0 };

/** The list prices in the price package, which is loaded once, if possible in advance. Prices are never fetched. */
export class PriceList {
  readonly #reported = new Set<string>();
  /** By provider and model. `undefined` for a model without a price. */
  readonly #cached = new Map<string, Map<string, ModelPrices | undefined>>();
  #cachedUntil = 0;
  #package: PricePackage | undefined;
  #loaded = false;
  #prepared = false;
  /** Set while the package is loaded in the background, because it could not be loaded synchronously. */
  #importing: Promise<void> | undefined;

  /** @param given the package itself, for bundles, which cannot resolve it at run time */
  constructor(given?: PricePackage) {
    this.#package = given;
    this.#loaded = given !== undefined;
  }

  prepare(): void {
    if (this.#prepared || this.#loaded) return;
    this.#prepared = true;
    const timers = platformTimers();
    // Without timers, the package is loaded when the first price is needed.
    if (timers === undefined) return;
    const { setTimeout } = timers;
    // Jest fails if a package is loaded after the last test.
    if (isOfSandbox(setTimeout)) this.#load();
    else startOutside(() => setTimeout(() => this.#load(), LOAD_DELAY_MS));
  }

  /** Whether the price package is available. Loads it if that has not been tried yet. */
  get available(): boolean {
    if (!this.#loaded) this.#load();
    return this.#package !== undefined;
  }

  /** Reports a missing price package. If the package is being loaded, waits for that first. */
  async noticeMissing(): Promise<void> {
    await this.#importing;
    if (!this.available) notice('no_price_package');
  }

  /** Logs once for each model that its calls have no cost. @param tier a service tier with prices of its own */
  noticeUnknown(provider: string, model: string | undefined, tier: string | undefined): void {
    const inTier = tier === undefined ? '' : ` in service tier ${tier}`;
    const what = `${model ?? 'an unnamed model'} of ${provider}${inTier}`;
    if (this.#reported.has(what) || this.#reported.size >= MAX_REPORTED_MODELS) return;
    this.#reported.add(what);
    log(
      'info',
      `no price is known for ${terminalSafe(what)}, so its calls have no cost; the option prices can add one.`,
    );
  }

  find(provider: string, model: string): ModelPrices | undefined {
    if (Date.now() >= this.#cachedUntil) {
      this.#cached.clear();
      this.#cachedUntil = Date.now() + PRICES_LIFETIME_MS;
    }
    const cached = this.#cached.get(provider);
    if (cached?.has(model)) return cached.get(model);
    const providerId = PRICE_PROVIDERS.get(provider);
    if (providerId === undefined || !this.available) return undefined;
    if (provider === 'openai' && NOT_SOLD.test(model)) return undefined;
    const prices = this.#lookUp(providerId, model);
    const models = cached === undefined || cached.size >= MAX_CACHED_MODELS ? new Map() : cached;
    this.#cached.set(provider, models.set(model, prices));
    return prices;
  }

  #lookUp(providerId: string, model: string): ModelPrices | undefined {
    const name = providerId === 'google' ? model.replace(PUBLISHER, '') : model;
    try {
      const result: unknown = this.#package?.calcPrice(ZERO_TOKENS, name, { providerId });
      return readPrices(withAudio(field(result, 'model_price')), false);
    } catch {
      // The package throws for some of its own prices.
      return undefined;
    }
  }

  /**
   * Loads the package synchronously if possible, or else in the background, except in Bun. Operations that
   * end before that have no cost.
   */
  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    try {
      this.#package = asPricePackage(findPackage(PACKAGE)?.(PACKAGE));
    } catch {
      // The package is not installed, or cannot be loaded synchronously.
    }
    if (this.#package === undefined && !installsMissing()) this.#importing = this.#import();
  }

  async #import(): Promise<void> {
    // In a variable, because bundlers would try to resolve the optional package if its name were a literal here.
    const name = PACKAGE;
    try {
      this.#package ??= asPricePackage(await import(/* webpackIgnore: true */ /* @vite-ignore */ name));
    } catch {
      // The package is not installed.
    }
  }
}

/** Copies `input_audio_hours` to `audio_hours`. Both mean the same price: only input is billed by the hour. */
function withAudio(prices: unknown): unknown {
  const hours = field(prices, 'audio_hours') ?? field(prices, 'input_audio_hours');
  return hours === undefined ? prices : { ...(prices as object), audio_hours: hours };
}
