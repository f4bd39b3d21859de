import {
  type Attributes,
  createNoopMeter,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  ValueType,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_TOKEN_TYPE,
  ATTR_OPENAI_RESPONSE_SERVICE_TIER,
  ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '../semconv/attributes.ts';
import {
  METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  METRIC_GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK,
  METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
  METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
  type MetricDefinition,
} from '../semconv/metrics.ts';
import { SCHEMA_URL } from '../semconv/schema.ts';
import { NAME, VERSION } from '../version.ts';
import type { Usage } from './usage.ts';

/** What an operation's points are grouped by: few values each, taken from the attributes of its span. */
const DIMENSIONS: readonly string[] = [
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
];

/** The conventions have these on what an operation took and spent, not on its chunks. */
const RESULT_DIMENSIONS: readonly string[] = [
  ...DIMENSIONS,
  ATTR_OPENAI_RESPONSE_SERVICE_TIER,
  ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
];

interface Instruments {
  readonly provider: MeterProvider;
  readonly duration: Histogram;
  readonly tokenUsage: Histogram;
  readonly timeToFirstChunk: Histogram;
  readonly timePerOutputChunk: Histogram;
}

/** The client metrics of the conventions, once for each operation, sampled or not. */
export class Metrics {
  #explicit: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  setMeterProvider(provider: MeterProvider): void {
    this.#explicit = provider.getMeter(NAME) === createNoopMeter() ? undefined : provider;
  }

  /** @param seconds duration of the operation */
  recordDuration(seconds: number, dimensions: Attributes, errorType: string | undefined): void {
    const attributes = errorType === undefined ? dimensions : { ...dimensions, [ATTR_ERROR_TYPE]: errorType };
    this.#current().duration.record(Math.max(0, seconds), attributes);
  }

  recordUsage(usage: Usage, dimensions: Attributes): void {
    const { tokenUsage } = this.#current();
    tokenUsage.record(usage.inputTokens, { ...dimensions, [ATTR_GEN_AI_TOKEN_TYPE]: 'input' });
    if (usage.inputOnly !== true)
      tokenUsage.record(usage.outputTokens, { ...dimensions, [ATTR_GEN_AI_TOKEN_TYPE]: 'output' });
  }

  recordTimeToFirstChunk(seconds: number, dimensions: Attributes): void {
    this.#current().timeToFirstChunk.record(Math.max(0, seconds), dimensions);
  }

  recordTimePerOutputChunk(seconds: number, dimensions: Attributes): void {
    this.#current().timePerOutputChunk.record(Math.max(0, seconds), dimensions);
  }

  /**
   * The instruments of the provider that is in force now. The metrics API has no proxy: an instrumentation is
   * handed the no-op provider when it is registered before the SDK is, and the real one is found later.
   */
  #current(): Instruments {
    const provider = this.#explicit ?? metrics.getMeterProvider();
    if (this.#instruments?.provider !== provider) this.#instruments = createInstruments(provider);
    return this.#instruments as Instruments;
  }
}

/** The dimensions of an operation's duration and usage, from all of its span's attributes. */
export function metricDimensions(attributes: Attributes): Attributes {
  return pick(attributes, RESULT_DIMENSIONS);
}

/** The same for what is measured of a stream's chunks. */
export function chunkDimensions(attributes: Attributes): Attributes {
  return pick(attributes, DIMENSIONS);
}

function pick(attributes: Attributes, names: readonly string[]): Attributes {
  const dimensions: Attributes = {};
  for (const name of names) {
    const value = attributes[name];
    if (value !== undefined) dimensions[name] = value;
  }
  return dimensions;
}

function createInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(NAME, VERSION, { schemaUrl: SCHEMA_URL });
  return {
    provider,
    duration: createHistogram(meter, METRIC_GEN_AI_CLIENT_OPERATION_DURATION),
    tokenUsage: createHistogram(meter, METRIC_GEN_AI_CLIENT_TOKEN_USAGE),
    timeToFirstChunk: createHistogram(meter, METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK),
    timePerOutputChunk: createHistogram(meter, METRIC_GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK),
  };
}

function createHistogram(
  meter: Meter,
  { name, description, unit, valueType, buckets }: MetricDefinition,
): Histogram {
  return meter.createHistogram(name, {
    description,
    unit,
    valueType: valueType === 'int' ? ValueType.INT : ValueType.DOUBLE,
    advice: { explicitBucketBoundaries: [...buckets] },
  });
}
