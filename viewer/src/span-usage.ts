import { isNumber, tokens } from './format-amounts.ts';
import * as ATTR from './semconv/attributes.ts';
import type { SpanAttributes } from './viewed-span.ts';

export interface SpanUsage {
  /**
   * The sum of `gen_ai.usage.*`; `undefined` if no span reports usage. No two spans report the same token.
   */
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  /** The estimate for streams that do not report their usage. The other two sums do not include it. */
  readonly estimatedOutputTokens: number | undefined;
  readonly cost: number | undefined;
  /** The number of spans with reported or estimated tokens but no cost. The cost does not include them. */
  readonly unpriced: number;
}

export function spanUsage(attributes: SpanAttributes): SpanUsage {
  const counts = {
    inputTokens: numberIn(attributes, ATTR.GEN_AI_USAGE_INPUT_TOKENS),
    outputTokens: numberIn(attributes, ATTR.GEN_AI_USAGE_OUTPUT_TOKENS),
    estimatedOutputTokens: numberIn(attributes, ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS),
  };
  const cost = numberIn(attributes, ATTR.OPENAI_COST);
  const hasTokens = Object.values(counts).some((value) => value !== undefined && value > 0);
  return { ...counts, cost, unpriced: cost === undefined && hasTokens ? 1 : 0 };
}

export function numberIn(attributes: SpanAttributes, name: string): number | undefined {
  const { [name]: value } = attributes;
  return isNumber(value) ? value : undefined;
}

/** The sum of the amounts that are known; `undefined` if none is. */
function sumOfKnown(amounts: readonly (number | undefined)[]): number | undefined {
  const known = amounts.filter((amount) => amount !== undefined);
  return known.length > 0 ? known.reduce((sum, amount) => sum + amount, 0) : undefined;
}

export function totalUsage(all: readonly SpanUsage[]): SpanUsage {
  return {
    inputTokens: sumOfKnown(all.map((each) => each.inputTokens)),
    outputTokens: sumOfKnown(all.map((each) => each.outputTokens)),
    estimatedOutputTokens: sumOfKnown(all.map((each) => each.estimatedOutputTokens)),
    cost: sumOfKnown(all.map((each) => each.cost)),
    unpriced: all.reduce((sum, { unpriced }) => sum + unpriced, 0),
  };
}

/** Formats tokens, reported or estimated or both: `23 → 7 tokens + ~5 output`. */
export function totalTokens(usage: SpanUsage): string | undefined {
  const { inputTokens, outputTokens, estimatedOutputTokens } = usage;
  const reported = tokens(inputTokens, outputTokens);
  const estimated = tokens(undefined, estimatedOutputTokens);
  if (estimated === undefined) return reported;
  return reported === undefined ? `~${estimated}` : `${reported} + ~${estimated.replace(' tokens', '')}`;
}

/** Input and output tokens together; `undefined` if none are reported. */
export function tokenSum({ inputTokens, outputTokens }: SpanUsage): number | undefined {
  return sumOfKnown([inputTokens, outputTokens]);
}

/** The sum of an attribute of some spans; `undefined` if none has it. */
export function attributeSum(all: readonly SpanAttributes[], name: string): number | undefined {
  return sumOfKnown(all.map((each) => numberIn(each, name)));
}

/** The audio tokens of some spans; `undefined` if there are none. */
export function audioTokens(all: readonly SpanAttributes[]): string | undefined {
  const input = attributeSum(all, ATTR.GEN_AI_USAGE_AUDIO_INPUT_TOKENS);
  const output = attributeSum(all, ATTR.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS);
  return input || output ? tokens(input, output) : undefined;
}

export function reportedTotal(attributes: SpanAttributes): string | undefined {
  return tokens(attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS], attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS]);
}
