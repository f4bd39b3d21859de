import { type Attributes, type HrTime, ROOT_CONTEXT } from '@opentelemetry/api';
import type { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Settings } from '../../../src/config/config.ts';
import * as ATTR from '../../../src/semconv/attributes.ts';
import { NO_USAGE, type Usage } from '../../../src/telemetry/cost/usage.ts';
import { Metrics } from '../../../src/telemetry/metrics/metrics.ts';

/** One operation, with the numbers that it is given. */
export interface Work {
  readonly operation: string;
  readonly model: string;
  readonly seconds: number;
  readonly firstChunk?: number;
  readonly input?: number;
  readonly output?: number;
  /** In USD. */
  readonly cost?: number;
  readonly error?: string;
  readonly prompt?: string;
}

export interface Plan {
  readonly service: string;
  readonly environment: string;
  readonly conventions: Settings['conventions'];
  /** Its first and last minute, counted back from the end of the simulation. It exports at the end of each. */
  readonly minutes: readonly [first: number, last: number];
  /** What it does in each minute. */
  readonly work: readonly Work[];
  /** A function that it runs in each minute, and how long. */
  readonly tool?: readonly [name: string, seconds: number];
  /** The tokens that the rate limit leaves, and the limit. */
  readonly rateLimit?: readonly [remaining: number, limit: number];
}

class ManualReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * A process whose operations are known. The package's own instruments record them, and the SDK collects them. Only the
 * times are made up, so that hours of telemetry reach a server within seconds.
 */
export class SimulatedProcess {
  readonly #plan: Plan;
  readonly #metrics = new Metrics();
  readonly #reader = new ManualReader();

  constructor(plan: Plan, instance: string) {
    this.#plan = plan;
    const resource = resourceFromAttributes({
      'service.name': plan.service,
      'service.instance.id': instance,
      [ATTR.DEPLOYMENT_ENVIRONMENT_NAME]: plan.environment,
    });
    this.#metrics.setMeterProvider(new MeterProvider({ readers: [this.#reader], resource }));
  }

  runs(minute: number): boolean {
    const [first, last] = this.#plan.minutes;
    return minute <= first && minute >= last;
  }

  work(): void {
    const { work, tool, rateLimit } = this.#plan;
    for (const one of work) this.#record(one);
    if (tool !== undefined) {
      const [name, seconds] = tool;
      const attributes = { [ATTR.GEN_AI_OPERATION_NAME]: 'execute_tool', [ATTR.GEN_AI_TOOL_NAME]: name };
      this.#metrics.recordLocalDuration(seconds, attributes, undefined, ROOT_CONTEXT);
    }
    const [one] = work;
    if (rateLimit === undefined || one === undefined) return;
    const [remaining, limit] = rateLimit;
    const limits = {
      [ATTR.OPENAI_RATELIMIT_REMAINING_TOKENS]: remaining,
      [ATTR.OPENAI_RATELIMIT_LIMIT_TOKENS]: limit,
      [ATTR.OPENAI_RATELIMIT_REMAINING_REQUESTS]: remaining,
      [ATTR.OPENAI_RATELIMIT_LIMIT_REQUESTS]: limit,
    };
    this.#metrics.seeRateLimits(limits, requestOf(one));
  }

  /** @param end the end of the simulation, in seconds since the epoch */
  async export(exporter: OTLPMetricExporter, end: number, minute: number): Promise<void> {
    const { resourceMetrics } = await this.#reader.collect();
    const started = end - (this.#plan.minutes[0] + 1) * 60;
    const moved = movedTo(resourceMetrics, [started, 0], [end - minute * 60, 0]);
    await new Promise<void>((resolve, reject) => {
      exporter.export(moved, ({ code, error }) => (code === 0 ? resolve() : reject(error)));
    });
  }

  #record(work: Work): void {
    const { seconds, cost, firstChunk, error, prompt } = work;
    const measured = {
      seconds,
      cost,
      usage: usageOf(work),
      timeToFirstChunk: firstChunk,
      errorType: error,
      prompt: prompt === undefined ? undefined : { [ATTR.GEN_AI_PROMPT_NAME]: prompt },
    };
    this.#metrics.recordOperation(requestOf(work), {}, measured, ROOT_CONTEXT, this.#plan.conventions);
  }
}

function requestOf({ operation, model }: Work): Attributes {
  return {
    [ATTR.GEN_AI_OPERATION_NAME]: operation,
    [ATTR.GEN_AI_PROVIDER_NAME]: 'openai',
    [ATTR.GEN_AI_REQUEST_MODEL]: model,
    [ATTR.SERVER_ADDRESS]: 'api.openai.com',
  };
}

function usageOf({ input, output }: Work): Usage | undefined {
  if (input === undefined) return undefined;
  // Embeddings have no output, not even zero tokens.
  const known = output === undefined ? 'input' : undefined;
  return { ...NO_USAGE, inputTokens: input, outputTokens: output ?? 0, known };
}

function movedTo(resourceMetrics: ResourceMetrics, startTime: HrTime, endTime: HrTime): ResourceMetrics {
  const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({
    ...scope,
    metrics: scope.metrics.map((metric) => ({
      ...metric,
      dataPoints: metric.dataPoints.map((point) => ({ ...point, startTime, endTime })),
    })),
  }));
  return { ...resourceMetrics, scopeMetrics: scopeMetrics as ResourceMetrics['scopeMetrics'] };
}
