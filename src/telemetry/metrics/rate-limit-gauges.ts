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
import { monotonic } from '../../util/clock.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { MAX_DIMENSION_LENGTH } from './metric-series.ts';

/**
 * Rate limits apply to each model. The SDK keeps 2,000 series of a gauge, so only the first groups are recorded. A
 * combined gauge for all other models would be meaningless.
 */
const MAX_GROUPS = 100;

/** What an answer said before that tells nothing about now. */
const MAX_AGE_MS = 600_000;

const DIMENSIONS: readonly string[] = [
  ATTR.GEN_AI_PROVIDER_NAME,
  ATTR.GEN_AI_REQUEST_MODEL,
  ATTR.SERVER_ADDRESS,
  ATTR.SERVER_PORT,
];

/** The gauges, each with the attribute that holds its value. */
const GAUGES: readonly (readonly [metric: MetricDefinition, attribute: string])[] = [
  [METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_REQUESTS, ATTR.OPENAI_RATELIMIT_LIMIT_REQUESTS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_LIMIT_TOKENS, ATTR.OPENAI_RATELIMIT_LIMIT_TOKENS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_REQUESTS, ATTR.OPENAI_RATELIMIT_REMAINING_REQUESTS],
  [METRIC_OPENAI_CLIENT_RATELIMIT_REMAINING_TOKENS, ATTR.OPENAI_RATELIMIT_REMAINING_TOKENS],
];

const LIMITS: readonly string[] = GAUGES.map(([, attribute]) => attribute);

const KEPT: readonly string[] = [...DIMENSIONS, ...LIMITS];

/**
 * The rate limits of the latest responses. Observable gauges report them at collection, so a call only stores them.
 */
export class RateLimits {
  readonly #meter: Meter;
  /** What the latest span of each group said, and when, in monotonic milliseconds. */
  readonly #groups = new Map<string, { readonly attributes: Attributes; readonly time: number }>();
  #observed = false;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** @param attributes the attributes of a span; ignored without rate limits */
  see(attributes: Attributes): void {
    if (!LIMITS.some((name) => attributes[name] !== undefined)) return;
    const group = DIMENSIONS.map((name) => String(attributes[name])).join(' ');
    const model = attributes[ATTR.GEN_AI_REQUEST_MODEL];
    const tooLong = typeof model === 'string' && model.length > MAX_DIMENSION_LENGTH;
    if (tooLong || (!this.#groups.has(group) && !this.#hasRoom())) {
      notice('rate_limits_limited');
      return;
    }
    this.#groups.set(group, { attributes: pickAttributes(attributes, KEPT), time: monotonic() });
    if (!this.#observed) this.#observe();
  }

  #hasRoom(): boolean {
    if (this.#groups.size >= MAX_GROUPS) this.#forgetOld();
    return this.#groups.size < MAX_GROUPS;
  }

  #forgetOld(): void {
    const oldest = monotonic() - MAX_AGE_MS;
    for (const [group, { time }] of this.#groups) if (time < oldest) this.#groups.delete(group);
  }

  /** Creates the gauges when there is a first value. */
  #observe(): void {
    this.#observed = true;
    const gauges = GAUGES.map(([{ name, description, unit }]) =>
      this.#meter.createObservableGauge(name, { description, unit, valueType: ValueType.INT }),
    );
    this.#meter.addBatchObservableCallback((result) => {
      this.#forgetOld();
      for (const { attributes } of this.#groups.values()) {
        const dimensions = pickAttributes(attributes, DIMENSIONS);
        gauges.forEach((gauge, index) => {
          const value = attributes[LIMITS[index] ?? ''];
          if (typeof value === 'number') result.observe(gauge, value, dimensions);
        });
      }
    }, gauges);
  }
}
