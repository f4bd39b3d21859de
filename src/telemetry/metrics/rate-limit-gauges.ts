import { type Attributes, type Meter, ValueType } from '@opentelemetry/api';
import { notice } from '../../diagnostics/report.ts';
import * as ATTR from '../../semconv/attributes.ts';
import {
  METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_REQUESTS,
  METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_TOKENS,
  METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_REQUESTS,
  METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_TOKENS,
  type MetricDefinition,
} from '../../semconv/metrics.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { platform } from '../../util/platform.ts';
import { MAX_DIMENSION_LENGTH } from './metric-series.ts';

/**
 * How many combinations of provider, model and server are recorded. Each has rate limits of its own, so
 * values of further combinations cannot be merged.
 */
const MAX_GROUPS = 100;

/** Rate limits from answers older than this are not reported, because they say nothing about the present. */
const MAX_AGE_MS = 600_000;

const DIMENSIONS: readonly string[] = [
  ATTR.GEN_AI_PROVIDER_NAME,
  ATTR.GEN_AI_REQUEST_MODEL,
  ATTR.SERVER_ADDRESS,
  ATTR.SERVER_PORT,
];

const GAUGES: readonly (readonly [metric: MetricDefinition, attribute: string])[] = [
  [METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_REQUESTS, ATTR.OPENAI_RATELIMIT_LIMIT_REQUESTS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_TOKENS, ATTR.OPENAI_RATELIMIT_LIMIT_TOKENS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_REQUESTS, ATTR.OPENAI_RATELIMIT_REMAINING_REQUESTS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_TOKENS, ATTR.OPENAI_RATELIMIT_REMAINING_TOKENS],
];

interface Group {
  readonly dimensions: Attributes;
  limits: Attributes;
  /** When that response arrived, in monotonic milliseconds. */
  time: number;
}

/** The rate limits of the latest responses. A call only stores them; observable gauges report them at collection. */
export class RateLimits {
  readonly #meter: Meter;
  #groups: Group[] = [];
  #observed = false;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** @param age the milliseconds since the response arrived. Limits from before the last ones are ignored */
  see(limits: Attributes, operation: Attributes, age: number): void {
    const time = platform.performance.now() - age;
    // A loop instead of a map, whose key would allocate memory for each call.
    for (const known of this.#groups) {
      let isSame = true;
      for (const name of DIMENSIONS) isSame &&= known.dimensions[name] === operation[name];
      if (!isSame) continue;
      if (time < known.time) return;
      known.limits = limits;
      known.time = time;
      return;
    }
    const model = operation[ATTR.GEN_AI_REQUEST_MODEL];
    const tooLong = typeof model === 'string' && model.length > MAX_DIMENSION_LENGTH;
    if (tooLong || !this.#hasRoom()) {
      notice('metric_values_limited', 'models and servers with rate limits');
      return;
    }
    const dimensions = pickAttributes(operation, DIMENSIONS);
    this.#groups.push({ dimensions, limits, time });
    if (!this.#observed) this.#observe();
  }

  #hasRoom(): boolean {
    if (this.#groups.length >= MAX_GROUPS) this.#forgetOld();
    return this.#groups.length < MAX_GROUPS;
  }

  #forgetOld(): void {
    const oldest = platform.performance.now() - MAX_AGE_MS;
    this.#groups = this.#groups.filter(({ time }) => time >= oldest);
  }

  #observe(): void {
    this.#observed = true;
    const gauges = GAUGES.map(([{ name, description, unit }]) =>
      this.#meter.createObservableGauge(name, { description, unit, valueType: ValueType.INT }),
    );
    this.#meter.addBatchObservableCallback((result) => {
      this.#forgetOld();
      for (const { dimensions, limits } of this.#groups) {
        GAUGES.forEach(([, attribute], index) => {
          const gauge = gauges[index];
          const value = limits[attribute];
          if (gauge !== undefined && typeof value === 'number') result.observe(gauge, value, dimensions);
        });
      }
    }, gauges);
  }
}
