import {
  type Attributes,
  type Context,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  ValueType,
} from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import * as METRIC from '../../semconv/metrics.ts';
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
import { InferenceMetrics, isInference } from './inference-metrics.ts';
import { limitNames, limitOperation, withError, withPrompt } from './metric-series.ts';
import { RateLimits } from './rate-limit-gauges.ts';

const HISTOGRAMS = {
  duration: METRIC.METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  tokenUsage: METRIC.METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
  timeToFirstChunk: METRIC.METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
  timePerOutputChunk: METRIC.METRIC_GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK,
  toolDuration: METRIC.METRIC_GEN_AI_EXECUTE_TOOL_DURATION,
  workflowDuration: METRIC.METRIC_GEN_AI_INVOKE_WORKFLOW_DURATION,
  agentDuration: METRIC.METRIC_GEN_AI_INVOKE_AGENT_DURATION,
  inferenceCalls: METRIC.METRIC_GEN_AI_INVOKE_AGENT_INFERENCE_CALLS,
  toolCalls: METRIC.METRIC_GEN_AI_INVOKE_AGENT_TOOL_CALLS,
  cost: METRIC.METRIC_OPENAI_CLIENT_COST,
};

type Instruments = Readonly<Record<keyof typeof HISTOGRAMS, Histogram>> & {
  readonly rateLimits: RateLimits;
  readonly next: InferenceMetrics;
};

/** The histograms for what the program itself runs, by operation. The operation's name is not a dimension. */
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

export interface Measured {
  readonly seconds?: number | undefined;
  readonly usage?: Usage | undefined;
  /** The cost in USD. */
  readonly cost?: number | undefined;
  /** The name and version of the operation's prompt, if costs are counted by prompt. */
  readonly prompt?: Attributes | undefined;
  /** The seconds from the request to the first chunk. */
  readonly timeToFirstChunk?: number | undefined;
  readonly errorType?: string | undefined;
}

/**
 * Records the client metrics of the conventions and our own, once per operation, sampled or not. Each value is recorded
 * in the context of its span, which an SDK with exemplars needs.
 */
export class Metrics {
  /** Called with the meter provider at the first use of the metrics, and at the first use after it has changed. */
  providerChanged: ((provider: MeterProvider) => void) | undefined;
  readonly #schemaUrl: () => string;
  #explicit: MeterProvider | undefined;
  #provider: MeterProvider | undefined;
  /** The instruments of the provider; `undefined` for a no-op provider. */
  #instruments: Instruments | undefined;

  constructor(schemaUrl: () => string = () => SCHEMA_URL) {
    this.#schemaUrl = schemaUrl;
  }

  get provider(): MeterProvider {
    return this.#explicit ?? metrics.getMeterProvider();
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#explicit = isNoopMeterProvider(provider) ? undefined : provider;
  }

  get wanted(): boolean {
    return this.#current() !== undefined;
  }

  /**
   * Records an operation's duration, tokens and cost. An operation without any of these creates no series.
   *
   * @param request the attributes that its span started with
   * @param response the attributes that its span got from the response
   */
  recordOperation(
    request: Attributes,
    response: Attributes,
    measured: Measured,
    context: Context,
    conventions: Settings['conventions'] = 'current',
  ): void {
    const instruments = this.#current();
    const { seconds, usage, cost, prompt, timeToFirstChunk, errorType } = measured;
    if (instruments === undefined || (seconds ?? usage ?? cost ?? timeToFirstChunk) === undefined) return;
    const dimensions = operationDimensions(request, response);
    if (cost !== undefined)
      instruments.cost.record(
        cost,
        prompt === undefined ? dimensions : withPrompt(dimensions, prompt),
        context,
      );
    // In the next version, only the metrics of inferences have new names.
    const next = conventions !== 'current' && isInference(request) ? instruments.next : undefined;
    const current = conventions === 'next' && next !== undefined ? undefined : instruments;
    if (seconds !== undefined) {
      const failed = withError(dimensions, errorType);
      current?.duration.record(Math.max(0, seconds), failed, context);
      next?.histograms.duration.record(Math.max(0, seconds), failed, context);
    }
    if (usage !== undefined) {
      const { known, inputTokens, outputTokens } = usage;
      if (known !== 'output')
        current?.tokenUsage.record(
          inputTokens,
          { ...dimensions, [ATTR.GEN_AI_TOKEN_TYPE]: 'input' },
          context,
        );
      if (known !== 'input')
        current?.tokenUsage.record(
          outputTokens,
          { ...dimensions, [ATTR.GEN_AI_TOKEN_TYPE]: 'output' },
          context,
        );
      next?.recordUsage(usage, dimensions, context);
    }
    if (timeToFirstChunk === undefined) return;
    const streamed = operationDimensions(request, response, true);
    // It has no times of chunks for other operations, such as retrieving a response.
    if (conventions !== 'next')
      instruments.timeToFirstChunk.record(Math.max(0, timeToFirstChunk), streamed, context);
    next?.histograms.timeToFirstChunk.record(Math.max(0, timeToFirstChunk), streamed, context);
  }

  /** @param gaps the seconds between consecutive chunks */
  recordChunks(
    gaps: readonly number[],
    request: Attributes,
    response: Attributes,
    context: Context,
    conventions: Settings['conventions'] = 'current',
  ): void {
    const instruments = this.#current();
    if (instruments === undefined || gaps.length === 0) return;
    const dimensions = operationDimensions(request, response, true);
    const next = conventions !== 'current' && isInference(request) ? instruments.next.histograms : undefined;
    const current = conventions === 'next' ? undefined : instruments;
    for (const gap of gaps) {
      current?.timePerOutputChunk.record(Math.max(0, gap), dimensions, context);
      next?.timePerOutputChunk.record(Math.max(0, gap), dimensions, context);
    }
  }

  /** Records the duration of a tool, agent or workflow that ran in this process, not of hosted ones. */
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
    limitNames(dimensions);
    instruments[local.instrument].record(Math.max(0, seconds), withError(dimensions, errorType), context);
  }

  /** Records how many calls one agent has made. An agent without tools counts, too, so that a mean is right. */
  recordAgentCalls(
    { inferences, tools }: Readonly<Record<'inferences' | 'tools', number>>,
    attributes: Attributes,
    context: Context,
  ): void {
    const instruments = this.#current();
    if (instruments === undefined) return;
    const dimensions = pickAttributes(attributes, [ATTR.GEN_AI_AGENT_NAME]);
    limitNames(dimensions);
    instruments.inferenceCalls.record(inferences, dimensions, context);
    instruments.toolCalls.record(tools, dimensions, context);
  }

  seeRateLimits(limits: Attributes, operation: Attributes, age: number = 0): void {
    this.#current()?.rateLimits.see(limits, operation, age);
  }

  /**
   * The instruments of the current provider. The metrics API has no proxy: an instrumentation that is
   * registered before OpenTelemetry's SDK receives a no-op provider and must look up the real one later.
   */
  #current(): Instruments | undefined {
    const { provider } = this;
    if (this.#provider !== provider) this.#change(provider);
    return this.#instruments;
  }

  #change(provider: MeterProvider): void {
    this.#provider = provider;
    this.#instruments = guard('creating metric instruments', instrumentsOf, provider, this.#schemaUrl());
    guard('listening to the meter provider', () => this.providerChanged?.(provider));
  }
}

/**
 * Returns the dimensions of an operation, with `_OTHER` for values beyond the limits of `metric-series.ts`.
 * OpenTelemetry's SDK sorts the attributes of every point, and sorts faster because they are already in
 * order. Literal keys keep V8's inline caches monomorphic; do not turn this into a loop.
 *
 * @param ofChunks `true` for metrics of chunks, for which the conventions define fewer dimensions
 */
export function operationDimensions(
  request: Attributes,
  response: Attributes,
  ofChunks: boolean = false,
): Attributes {
  const dimensions: Attributes = {};
  const operation = request[ATTR.GEN_AI_OPERATION_NAME];
  const provider = request[ATTR.GEN_AI_PROVIDER_NAME];
  const requestModel = request[ATTR.GEN_AI_REQUEST_MODEL];
  const responseModel = response[ATTR.GEN_AI_RESPONSE_MODEL] ?? request[ATTR.GEN_AI_RESPONSE_MODEL];
  const tier = response[ATTR.OPENAI_RESPONSE_SERVICE_TIER] ?? request[ATTR.OPENAI_RESPONSE_SERVICE_TIER];
  const fingerprint =
    response[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] ?? request[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT];
  const address = request[ATTR.SERVER_ADDRESS];
  const port = request[ATTR.SERVER_PORT];
  if (operation !== undefined) dimensions[ATTR.GEN_AI_OPERATION_NAME] = operation;
  if (provider !== undefined) dimensions[ATTR.GEN_AI_PROVIDER_NAME] = provider;
  if (requestModel !== undefined) dimensions[ATTR.GEN_AI_REQUEST_MODEL] = requestModel;
  if (responseModel !== undefined) dimensions[ATTR.GEN_AI_RESPONSE_MODEL] = responseModel;
  if (tier !== undefined && !ofChunks) dimensions[ATTR.OPENAI_RESPONSE_SERVICE_TIER] = tier;
  if (fingerprint !== undefined && !ofChunks)
    dimensions[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] = fingerprint;
  if (address !== undefined) dimensions[ATTR.SERVER_ADDRESS] = address;
  if (port !== undefined) dimensions[ATTR.SERVER_PORT] = port;
  limitOperation(dimensions);
  return dimensions;
}

/** Instruments by provider. They are created once, because a provider keeps the callbacks of its gauges for life. */
const instruments = new WeakMap<MeterProvider, Instruments>();

function instrumentsOf(provider: MeterProvider, schemaUrl: string): Instruments | undefined {
  if (isNoopMeterProvider(provider)) return undefined;
  const known = instruments.get(provider);
  if (known !== undefined) return known;
  const made = createInstruments(provider, schemaUrl);
  instruments.set(provider, made);
  return made;
}

function createInstruments(provider: MeterProvider, schemaUrl: string): Instruments {
  const meter = provider.getMeter(NAME, VERSION, { schemaUrl });
  const histograms = Object.entries(HISTOGRAMS).map(([key, row]) => [key, histogramOf(meter, row)]);
  let next: InferenceMetrics | undefined;
  const made = { ...Object.fromEntries(histograms), rateLimits: new RateLimits(meter) };
  return Object.defineProperty(made, 'next', {
    get: () => (next ??= new InferenceMetrics(meter, histogramOf)),
  }) as Instruments;
}

function histogramOf(
  meter: Meter,
  { name, description, unit, valueType, buckets }: METRIC.MetricDefinition,
): Histogram {
  return meter.createHistogram(name, {
    description,
    unit,
    valueType: valueType === 'int' ? ValueType.INT : ValueType.DOUBLE,
    advice: { explicitBucketBoundaries: [...buckets] },
  });
}

const MAX_KEPT_GAPS = 2_048;

/**
 * The seconds between the chunks of one stream. Recording a gap takes longer than reading a chunk. So gaps
 * are recorded at the end of the stream and, in a long stream, also in between.
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

  take(): readonly number[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }
}
