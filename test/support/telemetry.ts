import { context, logs, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
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
  type SpanLimits,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type CheckedLogRecord, checkLogRecord, checkMetric, checkSpan } from './conventions/check.ts';
import { SpanCounter } from './span-counter.ts';

/** The real SDK, recording into memory; what it records is checked against the conventions. */
export interface RecordedTelemetry {
  readonly provider: TracerProvider;
  /** Ended spans, in the order in which they ended. */
  readonly spans: readonly ReadableSpan[];
  /** Spans that were started and have not ended. */
  readonly openSpans: readonly string[];
  /** Log records: the events that are no span events. */
  readonly logRecords: readonly ReadableLogRecord[];
  metrics(): Promise<MetricData[]>;
  /** Ends everything and throws if a span, metric or log record breaks the conventions, or a span is still open. */
  verify(): Promise<void>;
}

export interface RecordOptions {
  readonly sampler?: Sampler;
  readonly idGenerator?: IdGenerator;
  /** Limits of the SDK's own on what a span holds. */
  readonly spanLimits?: SpanLimits;
  /** Whether content was allowed to be recorded. Default `false`. */
  readonly content?: boolean;
  /** The same for log records. Default: as for spans. */
  readonly eventContent?: boolean;
  /** Whether the program has a logger. Default `true`. */
  readonly logs?: boolean;
}

/** Registers the SDK globally, as a program would. */
export function recordTelemetry(options: RecordOptions = {}): RecordedTelemetry {
  const exporter = new InMemorySpanExporter();
  const counter = new EndedSpans();
  const ended = counter.spans;
  const provider = new TracerProvider({
    spanProcessors: [counter, new SimpleSpanProcessor({ exporter })],
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
  logs.disable();
  context.disable();
  trace.setGlobalTracerProvider(provider);
  metrics.setGlobalMeterProvider(meterProvider);
  const logExporter = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter: logExporter })],
  });
  if (options.logs !== false) logs.setGlobalLoggerProvider(loggerProvider);
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
      return counter.open;
    },
    get logRecords() {
      return logExporter.getFinishedLogRecords();
    },
    metrics: readMetrics,
    async verify() {
      await provider.shutdown();
      const findings = [
        ...ended.filter(isOurs).flatMap((span) => checkSpan(span, { content: options.content ?? false })),
        ...(await readMetrics()).flatMap((metric) => checkMetric(metric)),
        ...logExporter.getFinishedLogRecords().flatMap((record) =>
          checkLogRecord(record as CheckedLogRecord, {
            content: options.eventContent ?? options.content ?? false,
          }),
        ),
        ...checkExceptions(ended, logExporter.getFinishedLogRecords(), options),
        ...counter.open.map((name) => `${name}: the span was never ended`),
      ];
      await meterProvider.shutdown();
      if (findings.length > 0) throw new Error(`Findings of the convention check:\n${findings.join('\n')}`);
    },
  };
}

/** All that spans and log records say, as text. */
export function recordedText({ spans, logRecords }: Pick<RecordedTelemetry, 'spans' | 'logRecords'>): string {
  const told = spans.map(({ attributes, status }) => [attributes, status]);
  return JSON.stringify([told, logRecords.map(({ attributes }) => attributes)]);
}

/** Each operation that failed has one record of its exception, but for those that OpenAI has recorded itself. */
function checkExceptions(
  spans: readonly ReadableSpan[],
  records: readonly ReadableLogRecord[],
  { logs: logged, sampler }: RecordOptions,
): string[] {
  if (logged === false || sampler !== undefined) return [];
  const failed = spans.filter(
    ({ attributes, status }) =>
      'gen_ai.operation.name' in attributes && !('openai.hosted.span_id' in attributes) && status.code === 2,
  );
  const reported = records.filter(({ eventName }) => eventName === 'gen_ai.client.operation.exception');
  const ids = (list: readonly (string | undefined)[]): string => [...list].sort().join(' ');
  const expected = ids(failed.filter(isOurs).map((span) => span.spanContext().spanId));
  return ids(reported.map(({ spanContext }) => spanContext?.spanId)) === expected
    ? []
    : [`${failed.length} operations failed, but ${reported.length} exceptions were recorded`];
}

function isOurs(span: ReadableSpan): boolean {
  return span.instrumentationScope.name === 'opentelemetry-instrumentation-openai';
}

class EndedSpans extends SpanCounter {
  readonly spans: ReadableSpan[] = [];

  override onEnd(span: ReadableSpan): void {
    super.onEnd(span);
    this.spans.push(span);
  }
}
