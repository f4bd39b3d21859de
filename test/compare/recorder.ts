import { type Context, context, DiagLogLevel, metrics, type Span, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { collectLines } from '../support/diag-lines.ts';
import { type LogData, type MetricPoint, type SpanData, spanData, type WrittenSpan } from './outcome.ts';

/** The real SDK of either line, recording into memory. What is recorded is taken out after each program. */
export interface Recorder {
  /** No span is recorded from now on, as by a sampler that leaves out everything, or all are again. */
  sampleOut(isOut: boolean): void;
  /** Has the instrumentation finish what it can, and takes what was recorded since the last time. */
  take(): Promise<Recorded>;
  /** Ends what is still open. */
  shutdown(): Promise<void>;
}

export interface Recorded {
  /** What was started since the last time. A conversation ends with the process, and is added then. */
  readonly spans: readonly SpanData[];
  readonly metrics: readonly MetricPoint[];
  readonly logs: readonly LogData[];
  /** What OpenTelemetry's logger was told. */
  readonly diag: readonly string[];
}

/** How long spans may stay open that end with something the program does not wait for, such as a closed socket. */
const PATIENCE_MS = 500;

/** Spans of conversations, which end with the process. */
const LASTING: ReadonlySet<string> = new Set(['conversation', 'session', 'thread']);

const nothing = async (): Promise<void> => undefined;

/** Registers everything globally, as programs do. */
export async function startRecorder(line: 2 | 3): Promise<Recorder> {
  let spans: SpanData[] = [];
  const open = new Map<object, SpanData[]>();
  let isOut = false;
  const provider = await registerTracing(line, {
    sampler: {
      shouldSample: () => ({ decision: isOut ? 0 : 2 }),
      toString: () => 'compare',
    },
    spanProcessors: [
      {
        onStart: (span: Span) => void open.set(span, spans),
        onEnd: (span: ReadableSpan) => {
          open.get(span)?.push(dataOf(span));
          open.delete(span);
        },
        forceFlush: nothing,
        shutdown: nothing,
      },
    ],
  });
  const since = differenceOfPoints();
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 2 ** 30,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(meterProvider);
  const logs = await registerLogs(line);
  const lines = collectLines(DiagLogLevel.INFO);
  const settled = async (): Promise<void> => {
    const isOpen = (): boolean =>
      [...open].some(([span, of]) => of === spans && !LASTING.has((span as ReadableSpan).name));
    const end = performance.now() + PATIENCE_MS;
    while (isOpen() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return {
    sampleOut(nowOut) {
      isOut = nowOut;
    },
    async take() {
      await settled();
      await provider.forceFlush();
      await settled();
      await meterProvider.forceFlush();
      const points = metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
      metricExporter.reset();
      const taken = spans;
      spans = [];
      return {
        spans: taken,
        metrics: points.flatMap((scope) =>
          scope.metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
            dataPoints.flatMap(({ attributes, value }) => {
              const point = since({ name, unit, attributes, ...counted(value) });
              return point.count > 0 ? [point] : [];
            }),
          ),
        ),
        logs: logs.splice(0),
        diag: lines.splice(0),
      };
    },
    async shutdown() {
      await provider.shutdown();
    },
  };
}

/** A histogram has a count; what only adds up counts as its sum. */
export function counted(value: unknown): Pick<MetricPoint, 'count' | 'sum'> {
  if (typeof value === 'number') return { count: value, sum: value };
  const { count = 0, sum = 0 } = value as { readonly count?: number; readonly sum?: number };
  return { count, sum };
}

/** What a series has more than when it was last looked at. */
function differenceOfPoints(): (point: MetricPoint) => MetricPoint {
  const last = new Map<string, MetricPoint>();
  return (point) => {
    const key = JSON.stringify([point.name, point.attributes]);
    const { count, sum } = last.get(key) ?? { count: 0, sum: 0 };
    last.set(key, point);
    return { ...point, count: point.count - count, sum: point.sum - sum };
  };
}

interface TracerProvider {
  register?(): void;
  getTracer(name: string): ReturnType<typeof trace.getTracer>;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The compiler knows the packages of line 3 only. */
async function load(name: string): Promise<Record<string, new (options?: object) => never>> {
  return await import(name);
}

async function registerTracing(line: 2 | 3, options: object): Promise<TracerProvider> {
  if (line === 2) {
    const { NodeTracerProvider } = await load('@opentelemetry/sdk-trace-node');
    const provider: TracerProvider = new (NodeTracerProvider as never as new (o: object) => TracerProvider)(
      options,
    );
    provider.register?.();
    return provider;
  }
  const { TracerProvider: Provider } = await load('@opentelemetry/sdk-trace');
  const { AsyncLocalStorageContextManager: Manager } = await load('@opentelemetry/context-async-hooks');
  const provider = new (Provider as never as new (o: object) => TracerProvider)(options);
  context.setGlobalContextManager(new (Manager as never as new () => never)());
  trace.setGlobalTracerProvider(provider);
  return provider;
}

interface LogRecord {
  readonly eventName?: string;
  readonly severityNumber?: number;
  readonly body?: unknown;
  readonly attributes: Record<string, unknown>;
  readonly spanContext?: { readonly traceId: string; readonly spanId: string };
}

/** With API 1.10, logs are part of it. */
async function registerLogs(line: 2 | 3): Promise<LogData[]> {
  const records: LogData[] = [];
  const processor = {
    onEmit: ({ eventName, severityNumber, body, attributes, spanContext }: LogRecord, _: Context) =>
      void records.push({
        name: eventName ?? '',
        severity: severityNumber ?? 0,
        body,
        attributes: { ...attributes },
        spanId: spanContext?.spanId ?? '',
      }),
    forceFlush: nothing,
    shutdown: nothing,
  };
  const { LoggerProvider } = await load('@opentelemetry/sdk-logs');
  const provider = new (LoggerProvider as never as new (o: object) => object)({ processors: [processor] });
  const api: { logs: { setGlobalLoggerProvider(provider: object): void } } = await import(
    String(line === 2 ? '@opentelemetry/api-logs' : '@opentelemetry/api')
  );
  api.logs.setGlobalLoggerProvider(provider);
  return records;
}

function dataOf(span: ReadableSpan): SpanData {
  const { name, kind, startTime, status, attributes, events, links, parentSpanContext } = span;
  return spanData({
    ...{ name, kind, startTime, status, attributes, events, links, parentSpanContext },
    scope: span.instrumentationScope.name,
    spanContext: span.spanContext(),
  } as WrittenSpan);
}
