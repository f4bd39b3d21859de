import type { Attributes } from '@opentelemetry/api';
import { notice } from '../../diagnostics/report.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { guard } from '../../util/guard.ts';
import { readReportedCost } from '../cost/costs.ts';
import type { CostPart } from '../cost/prices.ts';
import { addPartCost } from '../cost/prices.ts';
import { isNoUsage, type Usage } from '../cost/usage.ts';
import type { Failure } from '../error.ts';
import type { Operation, TotalSpent } from '../operation.ts';
import type { Telemetry } from '../telemetry.ts';
import { NO_TOTALS, totalAttributes } from './totals.ts';

/** Only streams of completions omit their usage unless the request asks for it. */
export function missUsage({ traits }: Operation, usage: Usage | undefined): void {
  if (traits?.reportsUsageOnRequest && usage === undefined) notice('stream_without_usage');
}

/**
 * The failure that a result reports. It is not read from an answer that is whole.
 *
 * @param resultAttributes the attributes of the result
 */
export function failureIn(
  result: unknown,
  { traits, failure }: Operation,
  resultAttributes: Attributes,
): Failure | undefined {
  if (failure === undefined) return undefined;
  const reasons = resultAttributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS];
  const hasReason = traits?.failsWithoutReason && Array.isArray(reasons) && reasons[0] !== 'error';
  const isWhole = hasReason || resultAttributes[ATTR.GEN_AI_EMBEDDINGS_DIMENSION_COUNT] !== undefined;
  return isWhole ? undefined : guard('reading a failure', failure, result);
}

/** A result, and the usage that was read from it. */
interface Priced {
  readonly operation: Operation;
  readonly result: unknown;
  readonly usage: Usage | undefined;
}

/**
 * Adds what a call cost, and what each modality of it did unless all is text.
 *
 * @returns the cost in USD, if it is known
 */
export function addCost(
  attributes: Attributes,
  { costs }: Telemetry,
  { operation, result, usage }: Priced,
  request: Attributes,
): number | undefined {
  const parts: Attributes | undefined = usage?.modalities && {};
  const tell = parts && ((part: CostPart, cost: number) => addPartCost(parts, part, cost));
  // What a retrieved response has cost belongs to the call that created it.
  const reported = operation.usage && readReportedCost(request[ATTR.GEN_AI_PROVIDER_NAME], result);
  const cost = costs.of({ ...operation.fees?.(result), usage, reported }, request, attributes, tell);
  if (cost === undefined) return undefined;
  attributes[ATTR.OPENAI_COST] = cost;
  if (parts !== undefined) Object.assign(attributes, parts);
  return cost;
}

/** Adds what other calls spent, as totals, at the prices of the tier that they were billed in. */
export function addTotals(
  attributes: Attributes,
  { costs }: Telemetry,
  { usage, serviceTier, calls }: TotalSpent,
  request: Attributes,
): void {
  const response = { ...attributes, [ATTR.OPENAI_RESPONSE_SERVICE_TIER]: serviceTier };
  const cost = guard('pricing totals', () => costs.of({ usage, aggregate: true }, request, response));
  const unpriced = cost === undefined && costs.wanted && !isNoUsage(usage) ? calls : 0;
  Object.assign(attributes, totalAttributes({ ...NO_TOTALS, usage, cost, unpriced }));
}
