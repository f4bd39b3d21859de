import { asName, asNumber, field, numberField, row } from '../../util/payload.ts';

const TICKS_PER_USD = 1e10;

/** Where a provider reports what a call has cost, by `gen_ai.provider.name`. Others may use the fields otherwise. */
const REPORTED: Readonly<Record<string, (usage: unknown) => number | undefined>> = {
  openrouter: readOpenRouterCost,
  perplexity: (usage) => numberField(field(usage, 'cost'), 'total_cost'),
  x_ai(usage) {
    const ticks = numberField(usage, 'cost_in_usd_ticks');
    return ticks === undefined ? undefined : ticks / TICKS_PER_USD;
  },
};

/** The cost in USD that the provider reports in a usage. */
export function readReportedCost(provider: unknown, usage: unknown): number | undefined {
  const cost = row(REPORTED, asName(provider))?.(usage);
  return cost === undefined || cost < 0 ? undefined : cost;
}

/** With a key of the customer's own, `cost` is only the fee: the model is billed by its provider. */
function readOpenRouterCost(usage: unknown): number | undefined {
  const cost = asNumber(field(usage, 'cost'));
  if (field(usage, 'is_byok') !== true) return cost;
  const upstream = numberField(field(usage, 'cost_details'), 'upstream_inference_cost');
  return cost === undefined || upstream === undefined ? undefined : cost + upstream;
}
