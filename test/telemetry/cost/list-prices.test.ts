import { expect, test } from 'vitest';
import type { Spending } from '../../../src/telemetry/cost/billed-amounts.ts';
import { includesAll } from '../../../src/telemetry/cost/costs.ts';
import { NO_MODALITIES, NO_USAGE } from '../../../src/telemetry/cost/usage.ts';

const TEXT = { input_mtok: 1, output_mtok: 2 };
const NOTHING: Spending = {};
const CACHED = { spending: { usage: { ...NO_USAGE, inputTokens: 9, cacheReadTokens: 5 } } };
const FINE_TUNED = { model: 'ft:gpt-4o-2024-08-06:acme::1' };
const WEB_SEARCH = { spending: { webSearches: 1 }, prices: { web_searches_kcount: 10 } };

function audioTokens(among: 'input' | 'output'): Spending {
  return {
    usage: { ...NO_USAGE, modalities: { ...NO_MODALITIES, audio: { ...NO_MODALITIES.audio, [among]: 5 } } },
  };
}

interface Case {
  readonly model?: string;
  readonly provider?: string;
  readonly address?: string;
  readonly spending?: Spending;
  readonly prices?: object;
}

function isComplete({ model = 'gpt-5', provider = 'openai', address, spending, prices }: Case): boolean {
  const asked = { 'gen_ai.provider.name': provider, 'server.address': address };
  return includesAll({ ...TEXT, ...prices }, model, asked, spending ?? NOTHING);
}

test.each<[includes: boolean, what: string, Case]>([
  [true, 'text', {}],
  [true, 'audio with a price', { spending: audioTokens('output'), prices: { output_audio_mtok: 9 } }],
  [true, 'audio of others', { provider: 'gcp.gemini', spending: audioTokens('input') }],
  [true, 'searches with a price', WEB_SEARCH],
  [true, 'searches of a name that others use', { ...WEB_SEARCH, model: 'gpt-4.1', provider: 'openrouter' }],
  [true, 'no searches', { spending: { webSearches: 0, fileSearches: 0 } }],
  [true, 'requests with a price', { model: 'gpt-4o-search-preview', prices: { requests_kcount: 25 } }],
  [true, 'cached tokens at the full price', { ...CACHED, model: 'gpt-5-pro' }],
  [true, 'a fine-tuned model', FINE_TUNED],
  [true, 'its cached tokens with a price', { ...FINE_TUNED, ...CACHED, prices: { cache_read_mtok: 0.5 } }],
  [true, 'an older model in a region', { model: 'gpt-4o-2024-08-06', address: 'eu.api.openai.com' }],
  [true, 'gpt-5 in a region', { model: 'gpt-5-mini', address: 'eu.api.openai.com' }],
  [true, 'a newer model elsewhere', { model: 'gpt-5.4', address: 'api.openai.com' }],
  [false, 'audio that is heard', { spending: audioTokens('input') }],
  [false, 'audio that is spoken', { spending: audioTokens('output') }],
  [false, 'audio on Azure', { provider: 'azure.ai.openai', spending: audioTokens('output') }],
  [false, 'web searches', { spending: { webSearches: 1 } }],
  [false, 'web searches of GPT-4o', { ...WEB_SEARCH, model: 'gpt-4o-mini-2024-07-18' }],
  [
    false,
    'web searches of GPT-4.1 on Azure',
    { ...WEB_SEARCH, model: 'gpt-4.1', provider: 'azure.ai.openai' },
  ],
  [false, 'cached tokens of a fine-tuned model', { ...FINE_TUNED, ...CACHED }],
  [false, 'file searches', { spending: { fileSearches: 1 } }],
  [false, 'the fee of a model that searches', { model: 'gpt-4o-mini-search-preview-2025-03-11' }],
  [false, 'the fee of a newer model that searches', { model: 'gpt-5-search-api' }],
  [false, 'the surcharge of a region', { model: 'gpt-5.4-pro', address: 'eu.api.openai.com' }],
])('it is %s that the list prices of a model include %s', (includes, _, call) =>
  expect(isComplete(call)).toBe(includes),
);
