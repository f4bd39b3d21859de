import type { Attributes } from '@opentelemetry/api';
import {
  addUsage,
  isNoUsage,
  NO_USAGE,
  type Spent,
  spentBy,
  type Usage,
} from '../../telemetry/cost/usage.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { guard } from '../../util/guard.ts';

/** The cost of several model calls together in USD; `undefined` without a price. */
export function costOfUsage(
  telemetry: Telemetry,
  usage: Usage | undefined,
  attributes: Attributes,
): number | undefined {
  return guard('pricing a run', () => telemetry.costs.of({ usage, aggregate: true }, attributes));
}

export function sumOf(usages: readonly (Usage | undefined)[]): Usage {
  let sum = NO_USAGE;
  for (const usage of usages) if (usage !== undefined) sum = sum === NO_USAGE ? usage : addUsage(sum, usage);
  return sum;
}

/** Whether it has tokens: some servers report none, or zeros, until a while after the end, or only on the steps. */
export function isReported(usage: Usage | undefined): usage is Usage {
  return usage !== undefined && !isNoUsage(usage);
}

/** What several model calls together spent. */
export function spentAtOnce(telemetry: Telemetry, usage: Usage | undefined, attributes: Attributes): Spent {
  return spentBy(usage, costOfUsage(telemetry, usage, attributes), telemetry.costs.wanted);
}
