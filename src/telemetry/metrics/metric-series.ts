import type { Attributes } from '@opentelemetry/api';
import { notice } from '../../diagnostics/report.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import { ProcessWide } from '../../util/process-state.ts';
import { VERSION } from '../../util/version.ts';

/** Replaces values beyond the limit, in every dimension. */
const OTHER = ERROR_TYPE_VALUE_OTHER;

const MAX_VALUES = 100;
export const MAX_DIMENSION_LENGTH = 128;
/** Request models have a higher limit: the program or its users choose them. */
const MAX_REQUEST_MODELS = 500;
/** Request models that no response has confirmed. Their separate limit leaves room for models that exist. */
const UNANSWERED = 'request models without a response';

/*
 * OpenTelemetry's SDK keeps 2,000 series of an instrument and merges all others. Each combination of
 * dimensions has two series of token usage, one of the durations of successes, and one for each error type.
 */
const MAX_DETAILED_COMBINATIONS = 400;
const MAX_COMBINATIONS = 800;
const MAX_FAILED_COMBINATIONS = 300;
const MAX_TOOL_COMBINATIONS = 500;
const MAX_PROMPT_COMBINATIONS = 1_000;

/*
 * Limits the series of metrics: values that servers, models or users invent would soon use up all 2,000. The limits are
 * shared by the whole process, because all observers write to one meter.
 */

/** The first values of each dimension, and the first combinations of several. Later ones never replace them. */
const kept = new ProcessWide(`metric-series@${VERSION}`, () => new Map<string, Set<string>>());

const DETAILS = [ATTR.OPENAI_RESPONSE_SERVICE_TIER, ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT];
const MODELS = [ATTR.GEN_AI_REQUEST_MODEL, ATTR.GEN_AI_RESPONSE_MODEL];
const OPERATIONS = 'models, tiers and fingerprints together';

export function limitOperation(dimensions: Attributes): void {
  if (kept.value.get(OPERATIONS)?.has(JSON.stringify(dimensions))) return;
  // The port counts, too: each test or tenant may have its own proxy on the same host.
  const { [ATTR.SERVER_ADDRESS]: address, [ATTR.SERVER_PORT]: port } = dimensions;
  if (address !== undefined && !keepValue(`${address}:${port ?? ''}`, ATTR.SERVER_ADDRESS)) {
    dimensions[ATTR.SERVER_ADDRESS] = OTHER;
    delete dimensions[ATTR.SERVER_PORT];
  }
  limitModels(dimensions);
  for (const name of DETAILS) limitDimension(dimensions, name);
  // Details are replaced first: invented fingerprints must not use up the series of real models.
  limitTogether(dimensions, MAX_DETAILED_COMBINATIONS, DETAILS, OPERATIONS);
  limitTogether(dimensions, MAX_COMBINATIONS, MODELS, OPERATIONS);
}

/** Limits the names of tools, workflows and agents. Programs choose them, and may name some after a user. */
export function limitNames(dimensions: Attributes): void {
  const names = [ATTR.GEN_AI_WORKFLOW_NAME, ATTR.GEN_AI_AGENT_NAME, ATTR.GEN_AI_TOOL_NAME];
  for (const name of names) limitDimension(dimensions, name);
  if (dimensions[ATTR.GEN_AI_TOOL_NAME] !== undefined)
    limitTogether(dimensions, MAX_TOOL_COMBINATIONS, [ATTR.GEN_AI_AGENT_NAME]);
}

export function withPrompt(dimensions: Attributes, prompt: Attributes): Attributes {
  const used = { ...dimensions, ...prompt };
  const names = [ATTR.GEN_AI_PROMPT_NAME, ATTR.GEN_AI_PROMPT_VERSION];
  for (const name of names) limitDimension(used, name);
  return limitTogether(used, MAX_PROMPT_COMBINATIONS, names);
}

/** Returns the dimensions themselves or, if there is an error type, a copy that has it. */
export function withError(dimensions: Attributes, errorType: string | undefined): Attributes {
  if (errorType === undefined) return dimensions;
  const failed = { ...dimensions, [ATTR.ERROR_TYPE]: errorType };
  limitDimension(failed, ATTR.ERROR_TYPE);
  return limitTogether(failed, MAX_FAILED_COMBINATIONS, [ATTR.ERROR_TYPE]);
}

/** @param group what shares the limit. Default: all values of the dimension */
function limitDimension(dimensions: Attributes, name: string, group: string = name): void {
  const value = dimensions[name];
  if (typeof value === 'string' && !keepValue(value, name, { group })) dimensions[name] = OTHER;
}

/** Replaces the named dimensions in place, unless the combination of all dimensions is among the first. */
function limitTogether(
  dimensions: Attributes,
  limit: number,
  names: readonly string[],
  subject: string = `combinations with ${names.join(' and ')}`,
): Attributes {
  const combination = JSON.stringify(dimensions);
  if (keepValue(combination, subject, { limit, maxLength: combination.length })) return dimensions;
  for (const name of names) if (dimensions[name] !== undefined) dimensions[name] = OTHER;
  return dimensions;
}

/** Adds a new value if it is within the limits of its group. @returns whether metrics record the value */
function keepValue(
  value: string,
  subject: string,
  { group = subject, limit = MAX_VALUES, maxLength = MAX_DIMENSION_LENGTH } = {},
): boolean {
  const values = kept.value.get(group) ?? new Set();
  if (values.has(value)) return true;
  kept.value.set(group, values);
  const fits = value.length <= maxLength && values.size < limit;
  if (fits) values.add(value);
  else notice('metric_values_limited', subject);
  return fits;
}

function limitModels(dimensions: Attributes): void {
  const requestModel = dimensions[ATTR.GEN_AI_REQUEST_MODEL];
  const responseModel = dimensions[ATTR.GEN_AI_RESPONSE_MODEL];
  if (typeof requestModel === 'string') {
    const isKept =
      responseModel !== undefined
        ? keepValue(requestModel, ATTR.GEN_AI_REQUEST_MODEL, { limit: MAX_REQUEST_MODELS })
        : kept.value.get(ATTR.GEN_AI_REQUEST_MODEL)?.has(requestModel) ||
          keepValue(requestModel, ATTR.GEN_AI_REQUEST_MODEL, { group: UNANSWERED });
    if (!isKept) dimensions[ATTR.GEN_AI_REQUEST_MODEL] = OTHER;
    else if (responseModel === requestModel) return;
  }
  // A server that invents names for one model must not displace the names of another one.
  const group = `${ATTR.GEN_AI_RESPONSE_MODEL} of ${dimensions[ATTR.GEN_AI_REQUEST_MODEL]}`;
  limitDimension(dimensions, ATTR.GEN_AI_RESPONSE_MODEL, group);
}
