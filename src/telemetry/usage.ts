import type { Attributes } from '@opentelemetry/api';
import { countField, field } from '../payload.ts';
import {
  ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
} from '../semconv/attributes.ts';

/** Tokens spent. Cached and written tokens are parts of the input, reasoning tokens a part of the output. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** There is no output that could be counted, as with embeddings: not even zero is recorded. */
  readonly inputOnly?: boolean;
}

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
});

/**
 * Usage as every API of OpenAI's spells it: `prompt_tokens` (chat, completions, embeddings, Assistants) or
 * `input_tokens` (Responses, images, audio), with details under either spelling that is in use: real
 * Assistants traffic has `prompt_token_details` where the reference has `prompt_tokens_details`.
 */
export function readUsage(usage: unknown): Usage | undefined {
  const inputTokens = countField(usage, 'prompt_tokens') ?? countField(usage, 'input_tokens');
  const outputTokens = countField(usage, 'completion_tokens') ?? countField(usage, 'output_tokens');
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const input =
    field(usage, 'prompt_tokens_details') ??
    field(usage, 'prompt_token_details') ??
    field(usage, 'input_tokens_details');
  const output = field(usage, 'completion_tokens_details') ?? field(usage, 'output_tokens_details');
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens: countField(input, 'cached_tokens') ?? 0,
    cacheWriteTokens: countField(input, 'cache_write_tokens') ?? 0,
    reasoningTokens: countField(output, 'reasoning_tokens') ?? 0,
  };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, (left, right) => left + right);
}

/** What of `whole` is left after `part`; never below zero, whatever a server counts. */
export function subtractUsage(whole: Usage, part: Usage): Usage {
  return combine(whole, part, (left, right) => Math.max(0, left - right));
}

export function isNoUsage(usage: Usage): boolean {
  return usage.inputTokens === 0 && usage.outputTokens === 0;
}

/** The attributes of the span of the model call that spent the tokens. */
export function usageAttributes(usage: Usage | undefined): Attributes {
  if (usage === undefined) return {};
  const attributes: Attributes = { [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: usage.inputTokens };
  if (usage.inputOnly !== true) attributes[ATTR_GEN_AI_USAGE_OUTPUT_TOKENS] = usage.outputTokens;
  if (usage.cacheReadTokens > 0)
    attributes[ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] = usage.cacheReadTokens;
  if (usage.cacheWriteTokens > 0)
    attributes[ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS] = usage.cacheWriteTokens;
  if (usage.reasoningTokens > 0)
    attributes[ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS] = usage.reasoningTokens;
  return attributes;
}

function combine(a: Usage, b: Usage, each: (left: number, right: number) => number): Usage {
  return {
    inputTokens: each(a.inputTokens, b.inputTokens),
    outputTokens: each(a.outputTokens, b.outputTokens),
    cacheReadTokens: each(a.cacheReadTokens, b.cacheReadTokens),
    cacheWriteTokens: each(a.cacheWriteTokens, b.cacheWriteTokens),
    reasoningTokens: each(a.reasoningTokens, b.reasoningTokens),
  };
}
