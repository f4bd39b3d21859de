import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { roundCost, type Usage } from './cost/usage.ts';

/** The cumulative totals of a conversation in this process. Use the latest ones; do not add them up. */
export interface Totals {
  readonly usage: Usage | undefined;
  /** In USD, as far as prices are known. */
  readonly cost: number | undefined;
  /** Calls and runs whose price or usage is not known: the cost lacks theirs. */
  readonly unpriced?: number;
  readonly runs: number;
  readonly userMessages: number;
}

export const NO_TOTALS: Totals = { usage: undefined, cost: undefined, runs: 0, userMessages: 0 };

/** Totals have their own names, so that the sum of `gen_ai.usage.*` over a trace is right. */
export function totalAttributes({ usage, cost, unpriced = 0, runs, userMessages }: Totals): Attributes {
  const attributes: Attributes = {};
  if (usage !== undefined) {
    const { known } = usage;
    if (known !== 'output') attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS] = usage.inputTokens;
    if (known !== 'input') attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS] = usage.outputTokens;
  }
  if (cost !== undefined) attributes[ATTR.OPENAI_TOTAL_COST] = cost;
  if (unpriced > 0) attributes[ATTR.OPENAI_TOTAL_UNPRICED] = unpriced;
  if (runs > 0) attributes[ATTR.OPENAI_TOTAL_RUNS] = runs;
  if (userMessages > 0) attributes[ATTR.OPENAI_TOTAL_USER_MESSAGES] = userMessages;
  if (cost !== undefined && userMessages > 0)
    attributes[ATTR.OPENAI_COST_PER_USER_MESSAGE] = roundCost(cost / userMessages);
  return attributes;
}
