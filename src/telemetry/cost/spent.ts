import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { addCosts } from './prices.ts';
import { addUsage, isNoUsage, type Usage } from './usage.ts';

/** Tokens and their cost in USD, as far as they are known. */
export interface Spent {
  readonly usage: Usage | undefined;
  readonly cost: number | undefined;
  /** How many of the calls have a cost that is not known. */
  readonly unpriced?: number;
}

export const NOTHING_SPENT: Spent = { usage: undefined, cost: undefined };

export function addSpent(a: Spent, b: Spent): Spent {
  return {
    usage: a.usage === undefined || b.usage === undefined ? (a.usage ?? b.usage) : addUsage(a.usage, b.usage),
    cost: a.cost === undefined || b.cost === undefined ? (a.cost ?? b.cost) : addCosts(a.cost, b.cost),
    unpriced: (a.unpriced ?? 0) + (b.unpriced ?? 0),
  };
}

/**
 * What one call spent.
 *
 * @param wantsCosts where costs are switched off, none is missing
 * @param resultAttributes its attributes, which tell whether its stream gave content and reported no usage
 */
export function spentBy(
  usage: Usage | undefined,
  cost: number | undefined,
  wantsCosts: boolean,
  resultAttributes: Attributes = {},
): Spent {
  const estimated = resultAttributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS];
  const hasTokens = usage === undefined ? estimated !== undefined : !isNoUsage(usage);
  return { usage, cost, unpriced: cost === undefined && hasTokens && wantsCosts ? 1 : 0 };
}
