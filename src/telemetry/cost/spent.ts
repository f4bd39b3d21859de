import { addCosts } from './prices.ts';
import { addUsage, isNoUsage, type Usage } from './usage.ts';

/** Tokens and their cost in USD, as far as they are known. */
export interface Spent {
  readonly usage: Usage | undefined;
  readonly cost: number | undefined;
  /** How many of the calls have tokens and no known price. */
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
 * @param wantsCosts where costs are switched off, no price is missing
 */
export function spentBy(usage: Usage | undefined, cost: number | undefined, wantsCosts: boolean): Spent {
  const isUnpriced = cost === undefined && usage !== undefined && !isNoUsage(usage) && wantsCosts;
  return { usage, cost, unpriced: isUnpriced ? 1 : 0 };
}
