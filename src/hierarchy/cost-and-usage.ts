import type { Attributes, Context } from '@opentelemetry/api';
import { addCosts } from '../telemetry/cost/prices.ts';
import { addUsage, type Usage } from '../telemetry/cost/usage.ts';
import type { Failure } from '../telemetry/error.ts';
import { metricDimensions } from '../telemetry/metrics/metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';

/** Tokens and their cost in USD, as far as they are known. */
export interface Spent {
  readonly usage: Usage | undefined;
  readonly cost: number | undefined;
}

export function addSpent(a: Spent, b: Spent): Spent {
  return {
    usage: a.usage === undefined || b.usage === undefined ? (a.usage ?? b.usage) : addUsage(a.usage, b.usage),
    cost: a.cost === undefined || b.cost === undefined ? (a.cost ?? b.cost) : addCosts(a.cost, b.cost),
  };
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
