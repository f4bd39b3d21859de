import { field, numberField } from '../../util/payload.ts';
import { MAX_COST } from './prices.ts';

const TICKS_PER_USD = 1e10;

/** Where a provider reports what a call has cost, by `gen_ai.provider.name`. Others may use the fields otherwise. */
const REPORTED: ReadonlyMap<unknown, (usage: unknown) => number | undefined> = new Map([
  ['openrouter', readOpenRouterCost],
  ['perplexity', (usage: unknown) => numberField(field(usage, 'cost'), 'total_cost')],
  ['x_ai', readTicks],
]);

/** The cost in USD that the provider reports in the usage of a result. */
export function readReportedCost(provider: unknown, result: unknown): number | undefined {
  const read = REPORTED.get(provider);
  if (read === undefined) return undefined;
  const cost = read(field(result, 'usage'));
  return cost === undefined || cost < 0 || cost > MAX_COST ? undefined : cost;
}

function readTicks(usage: unknown): number | undefined {
  const ticks = numberField(usage, 'cost_in_usd_ticks');
  return ticks === undefined ? undefined : ticks / TICKS_PER_USD;
}

/** With a key of the customer's own, `cost` is only the fee: the model is billed by its provider. */
function readOpenRouterCost(usage: unknown): number | undefined {
  const cost = numberField(usage, 'cost');
  if (field(usage, 'is_byok') !== true) return cost;
  const upstream = numberField(field(usage, 'cost_details'), 'upstream_inference_cost');
  return cost === undefined || upstream === undefined ? undefined : cost + upstream;
}
