import { type Attributes, type BatchObservableResult, type Meter, ValueType } from '@opentelemetry/api';
import { BoundedMap } from '../bounded-map.ts';
import {
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_OPENAI_RATELIMIT_LIMIT_REQUESTS,
  ATTR_OPENAI_RATELIMIT_LIMIT_TOKENS,
  ATTR_OPENAI_RATELIMIT_REMAINING_REQUESTS,
  ATTR_OPENAI_RATELIMIT_REMAINING_TOKENS,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '../semconv/attributes.ts';
import {
  METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_REQUESTS,
  METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_TOKENS,
  METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_REQUESTS,
  METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_TOKENS,
  type MetricDefinition,
} from '../semconv/metrics.ts';

/** Limits are set for each model; more models than this are not told apart for long. */
const MOST_GROUPS = 100;

const DIMENSIONS: readonly string[] = [
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
];

/** Each gauge, and the attribute that has its value. */
const GAUGES: readonly (readonly [metric: MetricDefinition, attribute: string])[] = [
  [METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_REQUESTS, ATTR_OPENAI_RATELIMIT_LIMIT_REQUESTS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_TOKENS, ATTR_OPENAI_RATELIMIT_LIMIT_TOKENS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_REQUESTS, ATTR_OPENAI_RATELIMIT_REMAINING_REQUESTS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_TOKENS, ATTR_OPENAI_RATELIMIT_REMAINING_TOKENS],
];

/**
 * What the last answers told of rate limits. The gauges are asked when metrics are collected, so that a call costs
 * no more than remembering it.
 */
export class RateLimits {
  readonly #meter: Meter;
  /** The attributes of the newest span of each group. */
  readonly #groups = new BoundedMap<string, Attributes>(MOST_GROUPS);
  #observed = false;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** @param attributes those of a span; without rate limits they are passed over */
  see(attributes: Attributes): void {
    if (!GAUGES.some(([, attribute]) => attributes[attribute] !== undefined)) return;
    const seen: Attributes = {};
    for (const name of [...DIMENSIONS, ...GAUGES.map(([, attribute]) => attribute)]) {
      if (attributes[name] !== undefined) seen[name] = attributes[name];
    }
    this.#groups.set(DIMENSIONS.map((name) => String(attributes[name])).join(' '), seen);
    if (!this.#observed) this.#observe();
  }

  /** Not before there is something to tell. */
  #observe(): void {
    this.#observed = true;
    const gauges = GAUGES.map(([{ name, description, unit }, attribute]) => ({
      gauge: this.#meter.createObservableGauge(name, { description, unit, valueType: ValueType.INT }),
      attribute,
    }));
    const observe = (result: BatchObservableResult): void => {
      for (const group of this.#groups.values()) {
        const dimensions = Object.fromEntries(
          DIMENSIONS.filter((name) => group[name] !== undefined).map((name) => [name, group[name]]),
        );
        for (const { gauge, attribute } of gauges) {
          const value = group[attribute];
          if (typeof value === 'number') result.observe(gauge, value, dimensions);
        }
      }
    };
    this.#meter.addBatchObservableCallback(
      observe,
      gauges.map(({ gauge }) => gauge),
    );
  }
}
