import { type ModelPrices, readPrices } from '../../config/model-prices.ts';
import { asPackage, type PricePackage } from '../../config/price-package.ts';
import { startOutside } from '../../util/detached-timer.ts';
import { BoundedMap } from '../../util/lru-map.ts';
import { findPackage } from '../../util/optional-packages.ts';
import { field } from '../../util/payload.ts';

const PACKAGE = '@pydantic/genai-prices';
const MOST_MODELS = 500;
/** Milliseconds: prices that change by date or time of day are looked up again soon, others now and then. */
const CHANGING = 60_000;
const LASTING = 3_600_000;
/** Milliseconds after the first request was made: it is on its way by then, and its answer takes longer. */
const LOAD_DELAY = 50;

/** How the price package names the providers. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
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
  ['litellm', 'litellm'],
]);

/** OpenAI gives these away and does not sell them: whoever answers with one under its name is somebody else. */
const NOT_SOLD = /^gpt-oss/;

/** Google's compatible endpoints put it before the name of the model. */
const PUBLISHER = /^(?:google|models)\//;

const NOTHING = { input_tokens: 0, output_tokens: 0 };

interface Entry {
  readonly prices: ModelPrices | undefined;
  readonly until: number;
}

/**
 * The list prices of the price package, which is bundled with them: nothing is fetched. It is loaded when the
 * first price is wanted at the latest, and usually before that, while the program waits for its first answer.
 */
export class PriceList {
  readonly #entries = new BoundedMap<string, Entry>(MOST_MODELS);
  #package: PricePackage | undefined;
  #loaded = false;
  #prepared = false;

  /** @param given the package itself, where it cannot be found at run time: in bundles */
  constructor(given?: PricePackage) {
    this.#package = given;
    this.#loaded = given !== undefined;
  }

  /** Told when a call is made. */
  prepare(): void {
    if (this.#prepared || this.#loaded) return;
    this.#prepared = true;
    startOutside(() => setTimeout(() => this.#load(), LOAD_DELAY));
  }

  /** Whether there are prices at all. */
  get available(): boolean {
    if (!this.#loaded) this.#load();
    return this.#package !== undefined;
  }

  /** @param provider as `gen_ai.provider.name` */
  find(provider: string, model: string): ModelPrices | undefined {
    const providerId = PROVIDERS.get(provider);
    if (providerId === undefined || !this.available) return undefined;
    if (provider === 'openai' && NOT_SOLD.test(model)) return undefined;
    const key = `${provider} ${model}`;
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > Date.now()) return known.prices;
    const found = this.#ask(providerId, model);
    this.#entries.set(key, found);
    return found.prices;
  }

  #ask(providerId: string, model: string): Entry {
    const name = providerId === 'google' ? model.replace(PUBLISHER, '') : model;
    let result: unknown;
    try {
      result = this.#package?.calcPrice(NOTHING, name, { providerId });
    } catch {
      // Its data has a price that it cannot handle itself.
    }
    const changes = Array.isArray(field(field(result, 'model'), 'prices'));
    return {
      prices: readPrices(withAudio(field(result, 'model_price'))),
      until: Date.now() + (changes ? CHANGING : LASTING),
    };
  }

  /** At once in Node; elsewhere in the background, and what ends until then has no cost. */
  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#package = requirePackage();
    if (this.#package === undefined) void this.#import();
  }

  async #import(): Promise<void> {
    // Not a literal: bundlers would want to find a package that need not be there.
    const name = PACKAGE;
    try {
      this.#package ??= asPackage(await import(/* webpackIgnore: true */ /* @vite-ignore */ name));
    } catch {
      // It is not installed.
    }
  }
}

/** Sound that goes in is all that is billed by the hour, under either name. */
function withAudio(prices: unknown): unknown {
  const hours = field(prices, 'audio_hours') ?? field(prices, 'input_audio_hours');
  return hours === undefined ? prices : { ...(prices as object), audio_hours: hours };
}

function requirePackage(): PricePackage | undefined {
  try {
    return asPackage(findPackage(PACKAGE)?.(PACKAGE));
  } catch {
    return undefined;
  }
}
