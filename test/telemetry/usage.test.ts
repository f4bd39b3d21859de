import { describe, expect, test } from 'vitest';
import {
  addUsage,
  isNoUsage,
  NO_USAGE,
  readUsage,
  subtractUsage,
  usageAttributes,
} from '../../src/telemetry/usage.ts';

describe('usage is read as every API spells it', () => {
  test.each<[string, unknown, object]>([
    [
      'chat',
      {
        prompt_tokens: 20,
        completion_tokens: 10,
        total_tokens: 30,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
      { inputTokens: 20, outputTokens: 10, cacheReadTokens: 8, reasoningTokens: 4 },
    ],
    [
      'the reference of the Responses API',
      {
        input_tokens: 20,
        output_tokens: 10,
        input_tokens_details: { cached_tokens: 8, cache_write_tokens: 2 },
        output_tokens_details: { reasoning_tokens: 4 },
      },
      { inputTokens: 20, outputTokens: 10, cacheReadTokens: 8, cacheWriteTokens: 2, reasoningTokens: 4 },
    ],
    [
      'real traffic of the Assistants API',
      { prompt_tokens: 20, completion_tokens: 10, prompt_token_details: { cached_tokens: 8 } },
      { inputTokens: 20, outputTokens: 10, cacheReadTokens: 8 },
    ],
    ['embeddings', { prompt_tokens: 20, total_tokens: 20 }, { inputTokens: 20 }],
  ])('%s', (_, usage, expected) => {
    expect(readUsage(usage)).toEqual({ ...NO_USAGE, ...expected });
  });

  test.each([
    [undefined],
    [null],
    [5],
    [{}],
    [{ prompt_tokens: 'many' }],
    [{ prompt_tokens: -1 }],
    [[20, 10]],
  ])('there is none in %j', (usage) => expect(readUsage(usage)).toBeUndefined());
});

test('usage is added and subtracted part by part, never below zero', () => {
  const whole = {
    inputTokens: 10,
    outputTokens: 5,
    cacheReadTokens: 4,
    cacheWriteTokens: 3,
    reasoningTokens: 2,
  };
  const part = { ...whole, inputTokens: 3, outputTokens: 9 };
  expect(addUsage(whole, part)).toEqual({
    inputTokens: 13,
    outputTokens: 14,
    cacheReadTokens: 8,
    cacheWriteTokens: 6,
    reasoningTokens: 4,
  });
  expect(subtractUsage(whole, part)).toEqual({ ...NO_USAGE, inputTokens: 7 });
  expect(isNoUsage(subtractUsage(whole, whole))).toBe(true);
  expect(isNoUsage(whole)).toBe(false);
});

test('parts of the totals are attributes only where there are any', () => {
  expect(usageAttributes({ ...NO_USAGE, inputTokens: 3 })).toEqual({
    'gen_ai.usage.input_tokens': 3,
    'gen_ai.usage.output_tokens': 0,
  });
  expect(
    usageAttributes({ ...NO_USAGE, cacheReadTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3 }),
  ).toMatchObject({
    'gen_ai.usage.cache_read.input_tokens': 1,
    'gen_ai.usage.cache_creation.input_tokens': 2,
    'gen_ai.usage.reasoning.output_tokens': 3,
  });
  expect(usageAttributes(undefined)).toEqual({});
});
