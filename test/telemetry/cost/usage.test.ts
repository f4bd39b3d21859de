import type { Attributes } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addUsage,
  addUsageAttributes,
  isNoUsage,
  laterUsage,
  NO_MODALITIES,
  NO_TOTALS,
  NO_USAGE,
  readUsage,
  subtractUsage,
  totalAttributes,
  type Usage,
} from '../../../src/telemetry/cost/usage.ts';

const { audio: NONE } = NO_MODALITIES;

function usageAttributes(usage: Usage | undefined): Attributes {
  const attributes: Attributes = {};
  addUsageAttributes(attributes, usage);
  return attributes;
}

const TOKENS = { prompt_tokens: 20, completion_tokens: 10 };
const TOTAL = { ...TOKENS, total_tokens: 30 };
const READ = { inputTokens: 20, outputTokens: 10 };

describe('usage is read in the spelling of every API', () => {
  test.each<[string, unknown, object]>([
    [
      'chat',
      {
        ...TOTAL,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
      { ...READ, cacheReadTokens: 8, reasoningTokens: 4 },
    ],
    [
      'the reference of the Responses API',
      {
        input_tokens: 20,
        output_tokens: 10,
        input_tokens_details: { cached_tokens: 8, cache_write_tokens: 2 },
        output_tokens_details: { reasoning_tokens: 4 },
      },
      { ...READ, cacheReadTokens: 8, cacheWriteTokens: 2, reasoningTokens: 4 },
    ],
    [
      'real traffic of the Assistants API',
      { ...TOKENS, prompt_token_details: { cached_tokens: 8 } },
      { ...READ, cacheReadTokens: 8 },
    ],
    [
      'SGLang',
      { ...TOTAL, prompt_tokens_details: null, reasoning_tokens: 4 },
      { ...READ, reasoningTokens: 4 },
    ],
    [
      'Perplexity',
      { ...TOTAL, reasoning_tokens: 5_000 },
      { inputTokens: 20, outputTokens: 5_010, reasoningTokens: 5_000 },
    ],
    [
      'transcripts',
      { input_tokens: 14, output_tokens: 45, input_token_details: { text_tokens: 0, audio_tokens: 14 } },
      {
        inputTokens: 14,
        outputTokens: 45,
        modalities: { ...NO_MODALITIES, audio: { ...NONE, input: 14 } },
        text: { input: 0 },
      },
    ],
    [
      'cached tokens of each modality',
      {
        input_tokens: 300,
        output_tokens: 0,
        input_tokens_details: {
          audio_tokens: 100,
          image_tokens: 100,
          cached_tokens: 90,
          cached_tokens_details: { text_tokens: 20, audio_tokens: 30, image_tokens: 40 },
        },
      },
      {
        inputTokens: 300,
        cacheReadTokens: 90,
        modalities: {
          audio: { input: 100, cached: 30, output: 0 },
          image: { input: 100, cached: 40, output: 0 },
        },
      },
    ],
    [
      'services that report cached tokens beside the totals',
      { ...TOKENS, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 12 },
      { ...READ, cacheReadTokens: 8 },
    ],
    ['others that do', { ...TOKENS, cached_tokens: 8 }, { ...READ, cacheReadTokens: 8 }],
    [
      'LiteLLM, with what it writes to the cache',
      { ...TOKENS, cache_creation_input_tokens: 5, cache_read_input_tokens: 8 },
      { ...READ, cacheReadTokens: 8, cacheWriteTokens: 5 },
    ],
    [
      'Alibaba, with what it writes to the cache',
      { ...TOTAL, prompt_tokens_details: { cached_tokens: 8, cache_creation_input_tokens: 5 } },
      { ...READ, cacheReadTokens: 8, cacheWriteTokens: 5 },
    ],
    [
      'an estimate of reasoning that exceeds the output',
      { ...TOTAL, completion_tokens_details: { reasoning_tokens: 99 } },
      { ...READ, reasoningTokens: 10 },
    ],
    [
      'services that count reasoning beside the output',
      { ...TOKENS, total_tokens: 130, completion_tokens_details: { reasoning_tokens: 100 } },
      { inputTokens: 20, outputTokens: 110, reasoningTokens: 100 },
    ],
    [
      'audio of Mistral, whose tokens only the total includes',
      { prompt_tokens: 4, completion_tokens: 635, total_tokens: 3_264, prompt_audio_seconds: 203 },
      { inputTokens: 4, outputTokens: 635, unlisted: 2_625, audioSeconds: 203 },
    ],
    [
      'Mistral, with cached tokens beside the totals',
      { ...TOTAL, num_cached_tokens: 8 },
      { ...READ, cacheReadTokens: 8 },
    ],
    [
      'services whose numbers are strings',
      { prompt_tokens: '20', completion_tokens: '10', prompt_tokens_details: { cached_tokens: '8' } },
      { ...READ, cacheReadTokens: 8 },
    ],
    [
      'a number under two spellings, of which one is 0',
      { ...TOKENS, prompt_tokens_details: { cached_tokens: 0 }, cache_read_input_tokens: 8 },
      { ...READ, cacheReadTokens: 8 },
    ],
    [
      'services that report more cached tokens than input',
      { ...TOTAL, prompt_tokens_details: { cached_tokens: 163, cache_write_tokens: 5, audio_tokens: 30 } },
      {
        ...READ,
        cacheReadTokens: 20,
        modalities: { ...NO_MODALITIES, audio: { ...NONE, input: 20 } },
      },
    ],
    ['embeddings', { prompt_tokens: 20, total_tokens: 20 }, { inputTokens: 20 }],
    [
      'input alone',
      { prompt_tokens: 20, total_tokens: 25 },
      { inputTokens: 20, unlisted: 5, known: 'input', isPartial: true },
    ],
    ['zero as the only number', { completion_tokens: 0 }, { known: 'output', isPartial: true }],
    ...['2e1', '-20', -20, 2.5].map((prompt_tokens): [string, unknown, object] => [
      `input of ${JSON.stringify(prompt_tokens)}`,
      { ...TOTAL, prompt_tokens },
      { outputTokens: 10, unlisted: 20, known: 'output', isPartial: true },
    ]),
  ])('%s', (_, usage, expected) => {
    expect(readUsage(usage)).toEqual({ ...NO_USAGE, ...expected });
  });

  const without = [undefined, null, 5, {}, { prompt_tokens: 'many' }, { prompt_tokens: -1 }, [20, 10]];
  test.each(without.map((usage) => [usage]))('%j has no usage', (usage) =>
    expect(readUsage(usage)).toBeUndefined(),
  );
});

describe('parts that a service counts beside input and output', () => {
  const details = (input: object, output: object): object => ({
    prompt_tokens_details: input,
    completion_tokens_details: output,
  });

  test.each<[string, object, object]>([
    [
      'cached and written tokens, each under two spellings',
      {
        total_tokens: 2_030,
        cache_read_input_tokens: 1_500,
        cache_creation_input_tokens: 500,
        ...details({ cached_tokens: 1_500, cache_write_tokens: 500 }, {}),
      },
      { inputTokens: 2_020, outputTokens: 10, cacheReadTokens: 1_500, cacheWriteTokens: 500 },
    ],
    [
      'audio of both sides',
      { total_tokens: 130, ...details({ audio_tokens: 40 }, { audio_tokens: 60 }) },
      {
        inputTokens: 60,
        outputTokens: 70,
        modalities: { ...NO_MODALITIES, audio: { input: 40, cached: 0, output: 60 } },
      },
    ],
    [
      'one part, rather than two that make up the same sum',
      {
        total_tokens: 80,
        ...details({ cached_tokens: 50, cache_write_tokens: 30 }, { reasoning_tokens: 20 }),
      },
      { inputTokens: 70, outputTokens: 10, cacheReadTokens: 50, cacheWriteTokens: 20, reasoningTokens: 10 },
    ],
  ])('are added to their side: %s', (_, usage, expected) => {
    expect(readUsage({ ...TOKENS, ...usage })).toEqual({ ...NO_USAGE, ...expected });
  });

  test('are not added if another part explains the total as well, and the usage is partial', () => {
    const usage = { ...TOKENS, total_tokens: 38, ...details({ cached_tokens: 8 }, { reasoning_tokens: 8 }) };
    const parts = { cacheReadTokens: 8, reasoningTokens: 8 };
    expect(readUsage(usage)).toEqual({ ...NO_USAGE, ...READ, ...parts, isPartial: true });
  });

  const PARTS = ['cached', 'written', 'audioIn', 'reasoning', 'audioOut'] as const;
  const counts = fc.tuple(...PARTS.map(() => fc.integer({ min: 0, max: 40 })));

  test('are the smallest set that makes up the total, if there is one', () => {
    const masks = [...Array(32).keys()].slice(1);
    fc.assert(
      fc.property(counts, fc.nat(50), fc.nat(50), fc.nat(120), (parts, prompt, completion, gap) => {
        const [cached, written, audioIn, reasoning, audioOut] = parts as [
          number,
          number,
          number,
          number,
          number,
        ];
        const usage = readUsage({
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: prompt + completion + gap,
          ...details(
            { cached_tokens: cached, cache_write_tokens: written, audio_tokens: audioIn },
            { reasoning_tokens: reasoning, audio_tokens: audioOut },
          ),
        });
        const chosen = (mask: number): number[] => parts.map((count, bit) => ((mask >> bit) & 1 ? count : 0));
        const sum = (values: number[]): number => values.reduce((one, other) => one + other, 0);
        const isSet = (mask: number): boolean =>
          parts.every((count, bit) => !((mask >> bit) & 1) || count > 0);
        const size = (mask: number): number => [0, 1, 2, 3, 4].filter((bit) => (mask >> bit) & 1).length;
        const fits = masks.filter((mask) => gap > 0 && isSet(mask) && sum(chosen(mask)) === gap);
        const least = fits.filter((mask) => size(mask) === Math.min(...fits.map(size)));
        const [set = 0, ...others] = least;
        const added = others.length > 0 ? [0, 0, 0, 0, 0] : chosen(set);
        expect(usage?.inputTokens).toBe(prompt + sum(added.slice(0, 3)));
        expect(usage?.outputTokens).toBe(completion + sum(added.slice(3)));
        expect(usage?.isPartial).toBe(others.length > 0 || undefined);
        expect((usage?.cacheReadTokens ?? 0) + (usage?.cacheWriteTokens ?? 0)).toBeLessThanOrEqual(
          usage?.inputTokens ?? 0,
        );
        expect(usage?.reasoningTokens).toBeLessThanOrEqual(usage?.outputTokens ?? 0);
        expect(usage?.modalities?.audio.input ?? 0).toBeLessThanOrEqual(usage?.inputTokens ?? 0);
        expect(usage?.modalities?.audio.output ?? 0).toBeLessThanOrEqual(usage?.outputTokens ?? 0);
      }),
    );
  });
});

describe('the usage of a stream', () => {
  const usage = (prompt_tokens: number, completion_tokens: number): object => ({
    prompt_tokens,
    completion_tokens,
    prompt_tokens_details: { cached_tokens: prompt_tokens },
  });
  const after = (...reported: readonly unknown[]): object | undefined =>
    reported.reduce<object | undefined>(laterUsage, undefined);

  test.each<[string, readonly unknown[], object | undefined]>([
    ['is the last one', [usage(10, 1), usage(10, 2), usage(10, 3)], usage(10, 3)],
    ['is the larger one', [usage(10, 1), usage(12, 0)], usage(12, 0)],
    ['is the sum of increments', [usage(147, 0), usage(0, 1), usage(0, 1)], usage(147, 2)],
    ['is the whole after increments', [usage(147, 0), usage(0, 1), usage(147, 16)], usage(147, 16)],
    ['stays if nothing is reported', [usage(10, 1), {}, null, undefined, 'none'], usage(10, 1)],
    ['has numbers of strings', [{ prompt_tokens: '10' }], { prompt_tokens: 10 }],
    ['is unknown without any', [null], undefined],
  ])('%s', (_, reported, expected) => {
    expect(after(...reported)).toEqual(expected);
  });

  test('never falls, whatever comes later', () => {
    const any = fc.record({ prompt_tokens: fc.nat(200), completion_tokens: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1 }), (reported) => {
        const most = Math.max(...reported.map(({ prompt_tokens }) => prompt_tokens));
        expect(readUsage(after(...reported))?.inputTokens).toBeGreaterThanOrEqual(most);
      }),
    );
  });
});

test('usage is added and subtracted by part, never below zero', () => {
  const parts = { cacheReadTokens: 4, cacheWriteTokens: 3, reasoningTokens: 2 };
  const whole = { inputTokens: 10, outputTokens: 5, ...parts };
  const part = { inputTokens: 3, outputTokens: 9, ...parts };
  const sums = { cacheReadTokens: 8, cacheWriteTokens: 6, reasoningTokens: 4 };
  expect(addUsage(whole, part)).toEqual({ inputTokens: 13, outputTokens: 14, ...sums });
  expect(subtractUsage(whole, part)).toEqual({ ...NO_USAGE, inputTokens: 7 });
  expect(isNoUsage(subtractUsage(whole, whole))).toBe(true);
  expect(isNoUsage(whole)).toBe(false);
});

test('a sum with a part that was not reported whole is partial', () => {
  const partial = readUsage({ prompt_tokens: 100 });
  const whole = readUsage({ prompt_tokens: 5, completion_tokens: 3 });
  if (partial === undefined || whole === undefined) throw new Error('No usage was read.');
  expect(addUsage(partial, whole)).toMatchObject({ inputTokens: 105, known: undefined, isPartial: true });
  expect(addUsage(whole, partial)).toMatchObject({ inputTokens: 105, known: undefined, isPartial: true });
  expect(addUsage(whole, whole).isPartial).toBeUndefined();
});

test('modalities are added and subtracted too', () => {
  const spoken = {
    ...NO_USAGE,
    inputTokens: 10,
    modalities: { ...NO_MODALITIES, audio: { ...NONE, input: 8 } },
  };
  const written = { ...NO_USAGE, inputTokens: 10 };
  expect(addUsage(written, spoken).modalities).toEqual(spoken.modalities);
  expect(addUsage(spoken, spoken).modalities?.audio.input).toBe(16);
  expect(subtractUsage(spoken, written).modalities).toEqual(spoken.modalities);
  expect(subtractUsage(written, spoken).modalities).toEqual(NO_MODALITIES);
  expect(addUsage(written, written).modalities).toBeUndefined();
});

test('a number that is unknown is neither an attribute nor counted as known', () => {
  const input = { ...NO_USAGE, inputTokens: 3, known: 'input' as const };
  const output = { ...NO_USAGE, outputTokens: 3, known: 'output' as const };
  expect(usageAttributes(input)).toEqual({ 'gen_ai.usage.input_tokens': 3 });
  expect(usageAttributes(output)).toEqual({ 'gen_ai.usage.output_tokens': 3 });
  expect(addUsage(input, input)).toEqual({ ...input, inputTokens: 6 });
  expect(addUsage(input, output)).toEqual({ ...NO_USAGE, inputTokens: 3, outputTokens: 3 });
  expect(subtractUsage(output, NO_USAGE)).toEqual(output);
});

test('parts of the totals are attributes only if they are reported', () => {
  const modalities = { audio: { ...NONE, output: 3 }, image: { input: 4, cached: 2, output: 0 } };
  const totals = { inputTokens: 9, outputTokens: 3 };
  const parts = { cacheReadTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3 };
  const shown = { 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 3 };
  expect(usageAttributes({ ...NO_USAGE, ...totals })).toEqual(shown);
  expect(usageAttributes({ ...NO_USAGE, ...totals, ...parts, modalities })).toEqual({
    ...shown,
    'gen_ai.usage.cache_read.input_tokens': 1,
    'gen_ai.usage.cache_creation.input_tokens': 2,
    'gen_ai.usage.reasoning.output_tokens': 3,
    'gen_ai.usage.audio.output_tokens': 3,
    'gen_ai.usage.image.input_tokens': 4,
    'gen_ai.usage.image.cache_read.input_tokens': 2,
  });
  expect(usageAttributes(undefined)).toEqual({});
});

test('a total has a cost per message if both are known, and counts the calls whose cost it lacks', () => {
  const cost = { 'openai.total.cost': 0.5 };
  expect(totalAttributes({ ...NO_TOTALS, cost: 0.5 })).toEqual(cost);
  const lacking = totalAttributes({ ...NO_TOTALS, cost: 0.5, unpriced: 2 });
  expect(lacking).toEqual({ ...cost, 'openai.total.unpriced': 2 });
  const asked = { ...NO_TOTALS, userMessages: 2 };
  expect(totalAttributes(asked)).not.toHaveProperty(['openai.cost_per_user_message']);
  const perMessage = { ...cost, 'openai.cost_per_user_message': 0.25 };
  expect(totalAttributes({ ...asked, cost: 0.5 })).toMatchObject(perMessage);
});

describe('tokens written to a cache are told apart by their lifetime', () => {
  const WRITES = 'openai.usage.cache_write.input_tokens';
  const ofOpenAI = (ttl_30m_tokens: unknown, ttl_12h_tokens: unknown, cache_write_tokens = 12): object => ({
    input_tokens: 20,
    output_tokens: 10,
    input_tokens_details: {
      cache_write_tokens,
      cache_write_tokens_details: { ttl_30m_tokens, ttl_12h_tokens },
    },
  });

  test.each<[string, object, Attributes]>([
    ['OpenAI', ofOpenAI(8, 4), { [`${WRITES}.30m`]: 8, [`${WRITES}.12h`]: 4 }],
    ['OpenAI, one of them', ofOpenAI(12, 0), { [`${WRITES}.30m`]: 12 }],
    [
      'Anthropic',
      { ...TOKENS, cache_creation_input_tokens: 8, cache_creation: { ephemeral_5m_input_tokens: 8 } },
      { [`${WRITES}.5m`]: 8 },
    ],
    [
      'LiteLLM',
      {
        ...TOKENS,
        prompt_tokens_details: {
          cache_creation_tokens: 8,
          cache_creation_token_details: { ephemeral_1h_input_tokens: 8 },
        },
      },
      { [`${WRITES}.1h`]: 8 },
    ],
    ['a server that reports more than all', ofOpenAI(500, 'many'), { [`${WRITES}.30m`]: 12 }],
    ['a server that reports no tokens for them', ofOpenAI(8, 4, 0), {}],
    ['a server that invents names', { ...ofOpenAI(0, 0), ttl_secret_tokens: 5 }, {}],
  ])('by %s', (_, usage, expected) => {
    const found = Object.entries(usageAttributes(readUsage(usage))).filter(([name]) =>
      name.startsWith(WRITES),
    );
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  test('in sums, too', () => {
    const [one, other] = [readUsage(ofOpenAI(8, 4)), readUsage(ofOpenAI(2, 0, 2))] as [Usage, Usage];
    expect(addUsage(one, other).cacheWrites).toEqual({ '30m': 10, '12h': 4 });
    expect(subtractUsage(one, other).cacheWrites).toEqual({ '30m': 6, '12h': 4 });
    expect(addUsage(NO_USAGE, NO_USAGE).cacheWrites).toBeUndefined();
  });
});
