import * as ATTR from '../semconv/attributes.ts';
import { estimatedTokens, isNumber, type TokenTotals, tokens } from './amounts.ts';
import type { SpanAttributes } from './viewed-span.ts';

/** The tokens and cost of one or several spans. */
export interface SpanUsage extends TokenTotals {
  readonly cost: number | undefined;
  /** The number of spans with reported or estimated tokens but no cost. The cost does not include them. */
  readonly unpriced: number;
}

export const NOTHING_USED: SpanUsage = {
  inputTokens: undefined,
  outputTokens: undefined,
  estimatedOutputTokens: undefined,
  cost: undefined,
  unpriced: 0,
};

export function spanUsage(attributes: SpanAttributes): SpanUsage {
  const read = (name: string): number | undefined => {
    const { [name]: value } = attributes;
    return isNumber(value) ? value : undefined;
  };
  const counts = {
    inputTokens: read(ATTR.GEN_AI_USAGE_INPUT_TOKENS),
    outputTokens: read(ATTR.GEN_AI_USAGE_OUTPUT_TOKENS),
    estimatedOutputTokens: read(ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS),
  };
  const cost = read(ATTR.OPENAI_COST);
  const hasTokens = Object.values(counts).some((value) => value !== undefined && value > 0);
  return { ...counts, cost, unpriced: cost === undefined && hasTokens ? 1 : 0 };
}

export function addedUsage(a: SpanUsage, b: SpanUsage): SpanUsage {
  const add = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined ? other : one + (other ?? 0);
  return {
    inputTokens: add(a.inputTokens, b.inputTokens),
    outputTokens: add(a.outputTokens, b.outputTokens),
    estimatedOutputTokens: add(a.estimatedOutputTokens, b.estimatedOutputTokens),
    cost: add(a.cost, b.cost),
    unpriced: a.unpriced + b.unpriced,
  };
}

/** The tokens that a span reports for itself, or else an estimate. */
export function ownTokens(attributes: SpanAttributes): string | undefined {
  const { inputTokens, outputTokens, estimatedOutputTokens } = spanUsage(attributes);
  return tokens(inputTokens, outputTokens) ?? estimatedTokens(estimatedOutputTokens);
}
