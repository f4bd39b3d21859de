import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  type IdGenerator,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type Span,
  type SpanLimits,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { checkMetric, checkSpan } from './conventions/check.ts';

/** The real SDK, recording into memory; what it records is checked against the conventions. */
export interface RecordedTelemetry {
  readonly provider: TracerProvider;
  /** Ended spans, in the order in which they ended. */
  readonly spans: readonly ReadableSpan[];
  /** Spans that were started and have not ended. */
  readonly openSpans: readonly string[];
  metrics(): Promise<MetricData[]>;
  /** Ends everything and throws if a span or metric breaks the conventions, or a span is still open. */
  verify(): Promise<void>;
}

export interface RecordOptions {
  readonly sampler?: Sampler;
  readonly idGenerator?: IdGenerator;
  /** Limits of the SDK's own on what a span holds. */
  readonly spanLimits?: SpanLimits;
  /** Whether content was allowed to be recorded. Default `false`. */
  readonly content?: boolean;
}

/** Registers the SDK globally, as a program would. */
export function recordTelemetry(options: RecordOptions = {}): RecordedTelemetry {
  const exporter = new InMemorySpanExporter();
  const ended: ReadableSpan[] = [];
  const open = new OpenSpans(ended);
  const provider = new TracerProvider({
    spanProcessors: [open, new SimpleSpanProcessor({ exporter })],
    ...(options.sampler === undefined ? {} : { sampler: options.sampler }),
    ...(options.idGenerator === undefined ? {} : { idGenerator: options.idGenerator }),
    ...(options.spanLimits === undefined ? {} : { spanLimits: options.spanLimits }),
  });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 2 ** 30,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  trace.disable();
  metrics.disable();
  context.disable();
  trace.setGlobalTracerProvider(provider);
  metrics.setGlobalMeterProvider(meterProvider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const readMetrics = async (): Promise<MetricData[]> => {
    await meterProvider.forceFlush();
    const last = metricExporter.getMetrics().at(-1);
    return last?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  };
  return {
    provider,
    spans: ended,
    get openSpans() {
      return open.names;
    },
    metrics: readMetrics,
    async verify() {
      await provider.shutdown();
      const findings = [
        ...ended.filter(isOurs).flatMap((span) => checkSpan(span, { content: options.content ?? false })),
        ...(await readMetrics()).flatMap((metric) => checkMetric(metric)),
        ...open.names.map((name) => `${name}: the span was never ended`),
      ];
      await meterProvider.shutdown();
      if (findings.length > 0) throw new Error(`Findings of the convention check:\n${findings.join('\n')}`);
    },
  };
}

function isOurs(span: ReadableSpan): boolean {
  return span.instrumentationScope.name === 'opentelemetry-instrumentation-openai';
}

class OpenSpans implements SpanProcessor {
  readonly #open = new Set<Span>();
  readonly #ended: ReadableSpan[];

  constructor(ended: ReadableSpan[]) {
    this.#ended = ended;
  }

  get names(): string[] {
    return [...this.#open].map((span) => (span as unknown as ReadableSpan).name);
  }

  onStart(span: Span): void {
    this.#open.add(span);
  }

  onEnd(span: ReadableSpan): void {
    this.#open.delete(span as unknown as Span);
    this.#ended.push(span);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
