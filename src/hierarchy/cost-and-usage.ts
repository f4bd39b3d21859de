import type { Attributes, Context } from '@opentelemetry/api';
import { addCosts } from '../telemetry/cost/prices.ts';
import { addUsage, isNoUsage, type Usage } from '../telemetry/cost/usage.ts';
import type { Failure } from '../telemetry/error.ts';
import { metricDimensions } from '../telemetry/metrics/metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';

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

/** What one call spent. Where costs are switched off, no price is missing. */
export function spentBy({ costs }: Telemetry, usage: Usage | undefined, cost: number | undefined): Spent {
  const isUnpriced = cost === undefined && usage !== undefined && !isNoUsage(usage) && costs.wanted;
  return { usage, cost, unpriced: isUnpriced ? 1 : 0 };
}

/** The cost of several model calls together in USD; `undefined` without a price. */
export function costOfUsage(
  telemetry: Telemetry,
  usage: Usage | undefined,
  attributes: Attributes,
): number | undefined {
  return guard('pricing a run', () => telemetry.costs.of({ usage, aggregate: true }, attributes));
}

/** Records the metrics of an operation: duration, tokens, cost. */
export function recordSpent(
  { metrics }: Telemetry,
  { usage, cost, seconds }: Spent & { readonly seconds?: number | undefined },
  attributes: Attributes,
  context: Context,
  failure?: Failure,
): void {
  const dimensions = metricDimensions(attributes);
  guard('recording metrics', () => {
    if (seconds !== undefined) metrics.recordDuration(seconds, dimensions, failure?.type, context);
    if (usage !== undefined) metrics.recordUsage(usage, dimensions, context);
    if (cost !== undefined) metrics.recordCost(cost, dimensions, context);
  });
}
