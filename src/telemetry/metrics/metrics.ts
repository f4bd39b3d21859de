import {
  type Attributes,
  type Context,
  type Histogram,
  type MeterProvider,
  metrics,
  ValueType,
} from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import {
  METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  METRIC_GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK,
  METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
  METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
  METRIC_GEN_AI_EXECUTE_TOOL_DURATION,
  METRIC_GEN_AI_INVOKE_AGENT_DURATION,
  METRIC_GEN_AI_INVOKE_WORKFLOW_DURATION,
  METRIC_OPENAI_CLIENT_COST,
} from '../../semconv/metrics.ts';
import { SCHEMA_URL } from '../../semconv/schema.ts';
import {
  GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
} from '../../semconv/values.ts';
import { guard } from '../../util/guard.ts';
import { isNoopMeterProvider, pickAttributes } from '../../util/otel-api.ts';
import { row } from '../../util/payload.ts';
import { NAME, VERSION } from '../../util/version.ts';
import type { Usage } from '../cost/usage.ts';
import { metricSeries } from './metric-series.ts';
import { RateLimits } from './rate-limit-gauges.ts';

/** The histograms, by what they measure. */
const HISTOGRAMS = {
  duration: METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  tokenUsage: METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
  timeToFirstChunk: METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
  timePerOutputChunk: METRIC_GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK,
  toolDuration: METRIC_GEN_AI_EXECUTE_TOOL_DURATION,
  workflowDuration: METRIC_GEN_AI_INVOKE_WORKFLOW_DURATION,
  agentDuration: METRIC_GEN_AI_INVOKE_AGENT_DURATION,
  cost: METRIC_OPENAI_CLIENT_COST,
};

type Instruments = Readonly<Record<keyof typeof HISTOGRAMS, Histogram>> & { readonly rateLimits: RateLimits };

/**
 * How long what the program itself does takes, by operation. In the conventions, these durations have no operation name
 * among their dimensions.
 */
const LOCAL_DURATIONS: Readonly<
  Record<string, { readonly instrument: keyof typeof HISTOGRAMS; readonly dimensions: readonly string[] }>
> = {
  [GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL]: {
    instrument: 'toolDuration',
    dimensions: [ATTR.GEN_AI_TOOL_NAME, ATTR.GEN_AI_TOOL_TYPE, ATTR.GEN_AI_AGENT_NAME],
  },
  [GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT]: {
    instrument: 'agentDuration',
    dimensions: [ATTR.GEN_AI_AGENT_NAME],
  },
  [GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW]: {
    instrument: 'workflowDuration',
    dimensions: [ATTR.GEN_AI_WORKFLOW_NAME],
  },
};

/**
 * Records the client metrics of the conventions and our own, once per operation, sampled or not. Each value is recorded
 * in the context of its span, so that exemplars lead to the span.
 */
export class Metrics {
  /** Called with the provider once something is measured with another one than before. */
  providerChanged: ((provider: MeterProvider) => void) | undefined;
  #explicit: MeterProvider | undefined;
  #provider: MeterProvider | undefined;
  /** The instruments of the provider; `undefined` for a no-op provider. */
  #instruments: Instruments | undefined;

  /** The provider in force. */
  get provider(): MeterProvider {
    return this.#explicit ?? metrics.getMeterProvider();
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#explicit = isNoopMeterProvider(provider) ? undefined : provider;
  }

  /** Whether a meter provider is registered. Without one, nothing is counted. */
  get wanted(): boolean {
    return this.#current() !== undefined;
  }

  /** @param seconds the duration of the operation */
  recordDuration(
    seconds: number,
    dimensions: Attributes,
    errorType: string | undefined,
    context: Context,
  ): void {
    this.#current()?.duration.record(Math.max(0, seconds), withError(dimensions, errorType), context);
  }

  recordUsage(usage: Usage, dimensions: Attributes, context: Context): void {
    const tokenUsage = this.#current()?.tokenUsage;
    if (tokenUsage === undefined) return;
    const { known } = usage;
    if (known !== 'output')
      tokenUsage.record(usage.inputTokens, { ...dimensions, [ATTR.GEN_AI_TOKEN_TYPE]: 'input' }, context);
    if (known !== 'input')
      tokenUsage.record(usage.outputTokens, { ...dimensions, [ATTR.GEN_AI_TOKEN_TYPE]: 'output' }, context);
  }

  /** @param cost in USD */
  recordCost(cost: number, dimensions: Attributes, context: Context): void {
    this.#current()?.cost.record(cost, dimensions, context);
  }

  recordTimeToFirstChunk(seconds: number, dimensions: Attributes, context: Context): void {
    this.#current()?.timeToFirstChunk.record(Math.max(0, seconds), dimensions, context);
  }

  /** @param gaps the seconds between consecutive chunks */
  recordTimePerOutputChunk(gaps: readonly number[], dimensions: Attributes, context: Context): void {
    const timePerOutputChunk = this.#current()?.timePerOutputChunk;
    if (timePerOutputChunk === undefined) return;
    for (const gap of gaps) timePerOutputChunk.record(Math.max(0, gap), dimensions, context);
  }

  /**
   * Records the duration of what this process ran itself: a tool, an agent or a workflow, not a hosted one.
   *
   * @param attributes the attributes of the span
   */
  recordLocalDuration(
    seconds: number,
    attributes: Attributes,
    errorType: string | undefined,
    context: Context,
  ): void {
    const local = row(LOCAL_DURATIONS, String(attributes[ATTR.GEN_AI_OPERATION_NAME]));
    const instruments = this.#current();
    if (local === undefined || instruments === undefined) return;
    const dimensions = pickAttributes(attributes, local.dimensions);
    metricSeries.limitNames(dimensions);
    instruments[local.instrument].record(Math.max(0, seconds), withError(dimensions, errorType), context);
  }

  /** @param attributes the attributes of the span, including rate limits */
  seeRateLimits(attributes: Attributes): void {
    this.#current()?.rateLimits.see(attributes);
  }

  /**
   * The instruments of the current provider. The metrics API has no proxy: an instrumentation that is registered before
   * the SDK receives a no-op provider and must look up the real one later.
   */
  #current(): Instruments | undefined {
    const { provider } = this;
    if (this.#provider !== provider) this.#change(provider);
    return this.#instruments;
  }

  #change(provider: MeterProvider): void {
    this.#provider = provider;
    this.#instruments = guard('creating metric instruments', instrumentsOf, provider);
    guard('listening to the meter provider', () => this.providerChanged?.(provider));
  }
}

/**
 * The dimensions of an operation's duration and usage, taken from the attributes that its span started with and got, with
 * `_OTHER` for values beyond the limits of `metric-series.ts`. They are in the SDK's sort order: it sorts the attributes
 * of every point, and sorted ones are faster.
 */
export function metricDimensions(request: Attributes, response: Attributes = request): Attributes {
  const dimensions = modelDimensions(request, response);
  // The conventions have these on what an operation took and spent, not on its chunks.
  const tier = response[ATTR.OPENAI_RESPONSE_SERVICE_TIER] ?? request[ATTR.OPENAI_RESPONSE_SERVICE_TIER];
  const fingerprint =
    response[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] ?? request[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT];
  if (tier !== undefined) dimensions[ATTR.OPENAI_RESPONSE_SERVICE_TIER] = tier;
  if (fingerprint !== undefined) dimensions[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] = fingerprint;
  addServer(dimensions, request);
  metricSeries.limitOperation(dimensions);
  return dimensions;
}

/** The dimensions of chunk metrics. */
export function chunkDimensions(request: Attributes, response: Attributes = request): Attributes {
  const dimensions = modelDimensions(request, response);
  addServer(dimensions, request);
  metricSeries.limitOperation(dimensions);
  return dimensions;
}

/** Literal keys keep V8's inline caches monomorphic; do not turn this into a loop. */
function modelDimensions(request: Attributes, response: Attributes): Attributes {
  const dimensions: Attributes = {};
  const operation = request[ATTR.GEN_AI_OPERATION_NAME];
  const provider = request[ATTR.GEN_AI_PROVIDER_NAME];
  const requestModel = request[ATTR.GEN_AI_REQUEST_MODEL];
  const responseModel = response[ATTR.GEN_AI_RESPONSE_MODEL] ?? request[ATTR.GEN_AI_RESPONSE_MODEL];
  if (operation !== undefined) dimensions[ATTR.GEN_AI_OPERATION_NAME] = operation;
  if (provider !== undefined) dimensions[ATTR.GEN_AI_PROVIDER_NAME] = provider;
  if (requestModel !== undefined) dimensions[ATTR.GEN_AI_REQUEST_MODEL] = requestModel;
  if (responseModel !== undefined) dimensions[ATTR.GEN_AI_RESPONSE_MODEL] = responseModel;
  return dimensions;
}

function addServer(dimensions: Attributes, request: Attributes): void {
  const address = request[ATTR.SERVER_ADDRESS];
  const port = request[ATTR.SERVER_PORT];
  if (address !== undefined) dimensions[ATTR.SERVER_ADDRESS] = address;
  if (port !== undefined) dimensions[ATTR.SERVER_PORT] = port;
}

function withError(dimensions: Attributes, errorType: string | undefined): Attributes {
  return errorType === undefined ? dimensions : metricSeries.withError(dimensions, errorType);
}

/** Instruments by provider. They are created once, because a provider keeps the callbacks of its gauges for life. */
const instruments = new WeakMap<MeterProvider, Instruments>();

function instrumentsOf(provider: MeterProvider): Instruments | undefined {
  if (isNoopMeterProvider(provider)) return undefined;
  const known = instruments.get(provider);
  if (known !== undefined) return known;
  const made = createInstruments(provider);
  instruments.set(provider, made);
  return made;
}

function createInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(NAME, VERSION, { schemaUrl: SCHEMA_URL });
  const histograms = Object.entries(HISTOGRAMS).map(
    ([key, { name, description, unit, valueType, buckets }]) => [
      key,
      meter.createHistogram(name, {
        description,
        unit,
        valueType: valueType === 'int' ? ValueType.INT : ValueType.DOUBLE,
        advice: { explicitBucketBoundaries: [...buckets] },
      }),
    ],
  );
  return { ...Object.fromEntries(histograms), rateLimits: new RateLimits(meter) } as Instruments;
}

/** How many gaps of one stream are kept before they are recorded. */
const MAX_KEPT_GAPS = 2_048;

/**
 * The seconds between the chunks of one stream. Recording a value takes a metrics SDK longer than reading a chunk, so the
 * gaps are kept while the program reads and recorded together at the end, or now and then for a long stream.
 */
export class ChunkGaps {
  #gaps: number[] = [];
  #last: number | undefined;

  /**
   * @param time the arrival of a chunk, in milliseconds since the epoch
   * @returns whether the kept gaps should be recorded now
   */
  add(time: number): boolean {
    if (this.#last !== undefined) this.#gaps.push((time - this.#last) / 1e3);
    this.#last = time;
    return this.#gaps.length >= MAX_KEPT_GAPS;
  }

  /** Returns the kept gaps and forgets them. */
  take(): readonly number[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }
}
