import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type OpenAIInstrumentationConfig,
  resolveSettings,
  type Settings,
} from '../../../src/config/config.ts';
import { findCost } from '../../../src/telemetry/cost/costs.ts';
import { PriceList } from '../../../src/telemetry/cost/price-package.ts';
import { NO_USAGE } from '../../../src/telemetry/cost/usage.ts';
import { forgetNotices } from '../../support/process-state.ts';

const USAGE = { ...NO_USAGE, inputTokens: 1_000_000 };

let informed: string[];
beforeEach(() => {
  informed = [];
  const ignore = (): void => undefined;
  const info: DiagLogger['info'] = (text) => void informed.push(text);
  diag.setLogger(
    { error: ignore, warn: ignore, info, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  );
});
afterEach(() => diag.disable());

/** Represents the price package: what it was asked, and a price for each `provider model` that it knows. */
class Prices {
  readonly asked: string[] = [];
  readonly #known: Readonly<Record<string, unknown>>;

  constructor(known: Readonly<Record<string, unknown>>) {
    this.#known = known;
  }

  calcPrice(_: object, model: string, { providerId }: { providerId: string }): unknown {
    this.asked.push(`${providerId} ${model}`);
    const prices = this.#known[`${providerId} ${model}`];
    if (prices === 'broken') throw new Error('Missing ancestor price key');
    if (prices === undefined) return null;
    return { model: { prices }, model_price: prices };
  }
}

function settingsOf(config: OpenAIInstrumentationConfig): Settings {
  return resolveSettings(config, (problem) => expect.fail(problem), {});
}

interface Call {
  readonly provider?: string;
  readonly request?: string;
  readonly response?: string;
  readonly requestTier?: string;
  readonly tier?: string;
}

function price(
  settings: Settings,
  { provider = 'openai', request, response, requestTier, tier }: Call,
  find = findCost,
): number | undefined {
  const attributes = {
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': request,
    'gen_ai.response.model': response,
    'openai.request.service_tier': requestTier,
    'openai.response.service_tier': tier,
  };
  return find(settings, { usage: USAGE }, attributes);
}

describe('the price depends on the provider and the model', () => {
  const known = {
    'openai alias': { input_mtok: 1 },
    'openai alias-2026': { input_mtok: 2 },
    'azure gpt-4o': { input_mtok: 3 },
    'azure gpt-4': { input_mtok: 4 },
    'aws oss': { input_mtok: 5 },
    'google gemini': { input_mtok: 6 },
    'x-ai grok': { input_mtok: 7 },
    'openrouter google/gemini': { input_mtok: 8 },
    'openai gpt-oss-20b': { input_mtok: 9 },
    'groq gpt-oss-20b': { input_mtok: 10 },
    'openai broken': 'broken',
  };

  test.each<[string, Call, number | undefined]>([
    ['the model that answered', { request: 'alias', response: 'alias-2026' }, 2],
    ['the request model if the response names none', { request: 'alias' }, 1],
    ['a deployment does not name its model', { provider: 'azure.ai.openai', request: 'gpt-4' }, undefined],
    ['the answer does', { provider: 'azure.ai.openai', request: 'gpt-4', response: 'gpt-4o' }, 3],
    ['Bedrock', { provider: 'aws.bedrock', request: 'oss' }, 5],
    ['Gemini', { provider: 'gcp.gemini', request: 'gemini' }, 6],
    ['Vertex', { provider: 'gcp.vertex_ai', request: 'google/gemini' }, 6],
    ['xAI', { provider: 'x_ai', request: 'grok' }, 7],
    ['OpenRouter', { provider: 'openrouter', request: 'google/gemini' }, 8],
    ['a server of one’s own', { provider: 'ollama', request: 'alias' }, undefined],
    ['another provider', { provider: 'acme', request: 'alias' }, undefined],
    ['a model that OpenAI does not sell', { request: 'gpt-oss-20b' }, undefined],
    ['other providers do', { provider: 'groq', request: 'gpt-oss-20b' }, 10],
    ['an unknown model', { request: 'new' }, undefined],
    ['a price that the package cannot handle', { request: 'broken' }, undefined],
    ['no model', {}, undefined],
  ])('%s', (_, call, expected) => {
    expect(price(settingsOf({ cost: new Prices(known) }), call)).toBe(expected);
  });
});

describe('prices of the program', () => {
  const config: OpenAIInstrumentationConfig = {
    cost: new Prices({ 'openai gpt-4o': { input_mtok: 1 } }),
    prices: {
      'gpt-4o': { input_mtok: 100 },
      'gpt-*': { input_mtok: 200 },
      'gpt-5*': { input_mtok: 300 },
      mine: { input_mtok: 400 },
      'gpt-4': { input_mtok: 500 },
      'gpt-4*': { input_mtok: 600 },
    },
  };

  test.each<[string, Call, number | undefined]>([
    ['take precedence over the package', { request: 'gpt-4o' }, 100],
    ['may be for names that begin alike', { request: 'gpt-3.5-turbo' }, 200],
    ['of which the longest counts', { request: 'gpt-5-mini' }, 300],
    ['of which the name of an alias is one', { request: 'gpt-4o', response: 'gpt-4o-2024-08-06' }, 100],
    ['which counts before the same name with `*`', { request: 'gpt-4', response: 'gpt-4-0613' }, 500],
    ['that counts for all others', { request: 'gpt-4.1', response: 'gpt-4.1-2025' }, 600],
    ['unless another model answers', { request: 'gpt-4o', response: 'gpt-5-mini' }, 300],
    ['hold for every provider', { provider: 'ollama', request: 'gpt-4o' }, 100],
    ['may name the request model', { provider: 'azure.ai.openai', request: 'mine', response: 'm' }, 400],
    ['do not include inherited properties', { request: 'constructor' }, undefined],
  ])('%s', (_, call, expected) => {
    expect(price(settingsOf(config), call)).toBe(expected);
  });

  test.each<[string, OpenAIInstrumentationConfig, number | undefined]>([
    ['without a name hold for no other model', { prices: { '': { input_mtok: 1 } } }, undefined],
    ['need no price package', { prices: { mine: { input_mtok: 1 } } }, 1],
    ['are not looked up if costs are off', { cost: false, prices: { mine: { input_mtok: 1 } } }, undefined],
  ])('%s', (_, config, expected) => {
    expect(price(settingsOf(config), { request: 'mine' })).toBe(expected);
  });
});

describe('the service tier', () => {
  const config: OpenAIInstrumentationConfig = {
    cost: new Prices({
      'openai listed': { input_mtok: 1, requests_kcount: 0 },
      'openai tiered': { input_mtok: { base: 1, tiers: [{ start: 10, price: 4 }] } },
      'groq listed': { input_mtok: 1 },
    }),
    prices: {
      mine: { input_mtok: 2, service_tiers: { flex: { input_mtok: 1 }, priority: { input_mtok: 4 } } },
    },
  };

  test.each<[string, Call, number | undefined]>([
    ['standard', { request: 'mine', tier: 'default' }, 2],
    ['flex', { request: 'mine', tier: 'flex' }, 1],
    ['priority', { request: 'mine', tier: 'priority' }, 4],
    ['of request and response', { request: 'mine', requestTier: 'priority', tier: 'default' }, 2],
    ['of the request, if the response has none', { request: 'mine', requestTier: 'priority' }, 4],
    ['without a price', { request: 'mine', tier: 'batch' }, undefined],
    ['flex of OpenAI, which costs half of the list price', { request: 'listed', tier: 'flex' }, 0.5],
    ['flex in tiers by length', { request: 'tiered', tier: 'flex' }, 2],
    ['flex of another provider', { provider: 'groq', request: 'listed', tier: 'flex' }, undefined],
    ['priority that the price package does not know', { request: 'listed', tier: 'priority' }, undefined],
    ['that every object has', { request: 'mine', tier: 'constructor' }, undefined],
  ])('%s', (_, call, expected) => {
    expect(price(settingsOf(config), call)).toBe(expected);
  });

  test.each<[string, object, number]>([
    ['has the fees of the model', {}, 6],
    ['may have its own', { requests_kcount: 0, web_searches_kcount: 5_000 }, 13],
  ])('%s', (_, own, expected) => {
    const fees = { requests_kcount: 1_000, web_searches_kcount: 1_000, storage_searches_kcount: 1_000 };
    const flex = { input_mtok: 1, ...own };
    const settings = settingsOf({ prices: { mine: { input_mtok: 2, ...fees, service_tiers: { flex } } } });
    const spending = { usage: USAGE, webSearches: 2, fileSearches: 2 };
    const asked = { 'gen_ai.request.model': 'mine', 'openai.request.service_tier': 'flex' };
    expect(findCost(settings, spending, asked)).toBe(expected);
  });
});

describe('an unknown price', () => {
  test('is logged once for each model, as information', () => {
    const settings = settingsOf({ cost: new Prices({}) });
    price(settings, { request: 'new' });
    price(settings, { request: 'new' });
    price(settings, { request: 'newer', tier: 'flex' });
    expect(informed).toEqual([
      expect.stringContaining('no price is known for new of openai, so'),
      expect.stringContaining('no price is known for newer of openai in service tier flex, so'),
    ]);
  });

  test('is not logged if nothing was spent', () => {
    findCost(settingsOf({ cost: new Prices({}) }), {}, { 'gen_ai.request.model': 'new' });
    expect(informed).toEqual([]);
  });
});

describe('without the price package', () => {
  beforeEach(() => {
    vi.resetModules();
    vi.doMock(import('../../../src/util/optional-packages.ts'), async (original) => ({
      ...(await original()),
      findPackage: () => undefined,
    }));
    vi.doMock('@pydantic/genai-prices', () => {
      throw new Error('Not installed');
    });
    return () => {
      vi.doUnmock('../../../src/util/optional-packages.ts');
      vi.doUnmock('@pydantic/genai-prices');
      vi.resetModules();
    };
  });

  const sink = (): void => undefined;
  const prices = { mine: { input_mtok: 1 } };
  test.each<[string, OpenAIInstrumentationConfig, string, string[]]>([
    ['that is noted for a program with a sink', { events: { sink } }, 'gpt-4o', ['no_price_package']],
    ['and for one that sets cost', { cost: true }, 'gpt-4o', ['no_price_package']],
    ['but for nobody else', { prices }, 'gpt-4o', []],
    ['nor with a price of the program’s own', { cost: true, prices }, 'mine', []],
    ['nor if costs are off', { cost: false, events: { sink } }, 'gpt-4o', []],
  ])('%s', async (_, config, request, expected) => {
    const report = await import('../../../src/diagnostics/report.ts');
    forgetNotices();
    report.logFindings();
    const fresh = await import('../../../src/telemetry/cost/costs.ts');
    const settings = resolveSettings(config, () => undefined, {});
    price(settings, { request }, fresh.findCost);
    price(settings, { request }, fresh.findCost);
    await new Promise(setImmediate);
    await vi.waitFor(() => expect(report.noticed().map(({ code }) => code)).toEqual(expected));
    expect(informed).toHaveLength(expected.length);
    for (const line of informed) expect(line).toContain('npm install @pydantic/genai-prices');
  });
});

describe('the price package', () => {
  test('is asked once for each model', () => {
    const prices = new Prices({ 'openai a': { input_mtok: 1 } });
    const settings = settingsOf({ cost: prices });
    for (const request of ['a', 'a', 'b', 'b', 'a']) price(settings, { request });
    expect(prices.asked).toEqual(['openai a', 'openai b']);
  });

  test('is cached for a limited number of models, the last ones used', () => {
    const prices = new Prices({});
    const list = new PriceList(prices);
    for (let index = 0; index <= 500; index++) list.find('openai', `model-${index}`);
    list.find('openai', 'model-500');
    expect(prices.asked).toHaveLength(501);
    list.find('openai', 'model-0');
    expect(prices.asked).toHaveLength(502);
  });

  test('is found if it is installed', () => {
    expect(price(settingsOf({}), { request: 'gpt-4o-mini' })).toBe(0.15);
    expect(price(settingsOf({}), { request: 'gpt-4o-mini', response: 'gpt-4o-mini-2024-07-18' })).toBe(0.15);
  });
});
