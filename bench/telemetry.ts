import type { Context, Span, TracerProvider } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Case } from './cases/case.ts';

/** `require` of a folder in which OpenTelemetry is installed. */
export type Load = (name: string) => unknown;

/** How telemetry is set up. */
export interface TelemetryOptions extends Pick<Case, 'metered' | 'sampled' | 'silent'> {
  /** Whether spans and log records are serialized to OTLP requests, which are then dropped. Default `false`. */
  readonly exported?: boolean | undefined;
}

/** The numbers of what was recorded, without the program's own span. */
export interface Signals {
  readonly spans: number;
  readonly attributes: number;
  /** Measurements of histograms. */
  readonly points: number;
  readonly logRecords: number;
}

/** The SDK as a program sets it up. Its spans are counted and dropped. */
export interface Telemetry {
  readonly api: typeof import('@opentelemetry/api');
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider | undefined;
  /** The number of spans that have ended so far, without the program's own. */
  readonly ended: number;
  /** The number of open spans, including the program's own. */
  readonly open: number;
  /** Runs a function below a span of the program, as in most programs. */
  inSpan<Result>(run: () => Promise<Result>): Promise<Result>;
}

export interface CountingTelemetry extends Telemetry {
  /** Counts what is recorded while a function runs. */
  signalsOf(run: () => Promise<void>): Promise<Signals>;
}

const PROGRAM = 'program';

/** The number of items that the SDK's batch processors export in one request. */
export const BATCH = 512;

export function setUpTelemetry(load: Load, options: TelemetryOptions): CountingTelemetry {
  const { metered = true, sampled = true, silent, exported = false } = options;
  const api = load('@opentelemetry/api') as typeof import('@opentelemetry/api');
  const serializers = exported ? loadSerializers(load) : undefined;
  const spans = new Counter(batchFor(serializers?.ProtobufTraceSerializer));
  if (silent === 'no SDK') return withoutSdk(api, spans);
  const sampler = { shouldSample: () => ({ decision: sampled ? 2 : 0 }), toString: () => 'fixed' };
  const { TracerProvider } = load('@opentelemetry/sdk-trace') as typeof import('@opentelemetry/sdk-trace');
  const tracerProvider = new TracerProvider({ spanProcessors: [spans], sampler });
  api.trace.setGlobalTracerProvider(tracerProvider);
  const { AsyncLocalStorageContextManager } = load(
    '@opentelemetry/context-async-hooks',
  ) as typeof import('@opentelemetry/context-async-hooks');
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const metrics = metered ? makeMeterProvider(load) : undefined;
  const meterProvider = metrics?.provider;
  if (meterProvider !== undefined) api.metrics.setGlobalMeterProvider(meterProvider);
  const logRecords = countLogRecords(load, api, batchFor(serializers?.ProtobufLogsSerializer));
  return {
    api,
    tracerProvider,
    meterProvider,
    get ended() {
      return spans.ended;
    },
    get open() {
      return spans.open;
    },
    async signalsOf(run) {
      const before = await pointsOf(metrics?.reader);
      spans.attributes = 0;
      const { ended } = spans;
      const { emitted } = logRecords;
      spans.countsAttributes = true;
      await run();
      spans.countsAttributes = false;
      const points = (await pointsOf(metrics?.reader)) - before;
      return {
        spans: spans.ended - ended,
        attributes: spans.attributes,
        points,
        logRecords: logRecords.emitted - emitted,
      };
    },
    inSpan: (run) =>
      api.trace.getTracer(PROGRAM).startActiveSpan(PROGRAM, async (span) => {
        try {
          return await (silent === 'suppressed' ? suppressed(load, run) : run());
        } finally {
          span.end();
        }
      }),
  };
}

function withoutSdk(api: Telemetry['api'], { ended, open }: Counter): CountingTelemetry {
  return {
    api,
    tracerProvider: api.trace.getTracerProvider(),
    meterProvider: undefined,
    ended,
    open,
    signalsOf: async (run) => {
      await run();
      return { spans: 0, attributes: 0, points: 0, logRecords: 0 };
    },
    inSpan: (run) => run(),
  };
}

function suppressed<Result>(load: Load, run: () => Promise<Result>): Promise<Result> {
  const { context } = load('@opentelemetry/api') as typeof import('@opentelemetry/api');
  const { suppressTracing } = load('@opentelemetry/core') as typeof import('@opentelemetry/core');
  return context.with(suppressTracing(context.active()), run);
}

/** Creates a meter provider that aggregates metrics but never exports them. */
function makeMeterProvider(load: Load): { provider: MeterProvider; reader: MetricReader } {
  const sdk = load('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');
  class NoReader extends sdk.MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  const reader = new NoReader();
  return { provider: new sdk.MeterProvider({ readers: [reader] }), reader };
}

type Batch<Item> = (item: Item) => void;

function loadSerializers(load: Load): typeof import('@opentelemetry/otlp-transformer') {
  return load('@opentelemetry/otlp-transformer') as typeof import('@opentelemetry/otlp-transformer');
}

/** Collects items as the SDK's batch processors do. A full batch is serialized to an OTLP request, but not sent. */
export function batchFor<Item>(
  serializer: { serializeRequest(items: Item[]): Uint8Array | undefined } | undefined,
): Batch<Item> {
  if (serializer === undefined) return () => undefined;
  let items: Item[] = [];
  return (item) => {
    if (items.push(item) < BATCH) return;
    if (serializer.serializeRequest(items) === undefined) throw new Error('Nothing was serialised');
    items = [];
  };
}

/** Creates and counts log records. By default, `NodeSDK` has a logger provider, too. */
function countLogRecords(
  load: Load,
  api: Telemetry['api'],
  batch: Batch<ReadableLogRecord>,
): { readonly emitted: number } {
  const { LoggerProvider } = load('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs');
  const counter = { emitted: 0 };
  const processor = {
    onEmit: (record: ReadableLogRecord) => {
      counter.emitted++;
      batch(record);
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  api.logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [processor] }));
  return counter;
}

async function pointsOf(reader: MetricReader | undefined): Promise<number> {
  const collected = await reader?.collect();
  const metrics = collected?.resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const counts = metrics.flatMap(({ dataPoints }) =>
    dataPoints.map(({ value }) => (typeof value === 'object' ? value.count : 0)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Counts spans, and adds them to a batch. */
class Counter implements SpanProcessor {
  readonly #batch: Batch<ReadableSpan>;
  ended = 0;
  open = 0;
  /** `false` during measurements of time or memory. */
  countsAttributes = false;
  attributes = 0;

  constructor(batch: Batch<ReadableSpan>) {
    this.#batch = batch;
  }

  onStart(_span: Span, _context: Context): void {
    this.open += 1;
  }

  onEnd(span: ReadableSpan): void {
    const { name, attributes } = span;
    this.open -= 1;
    if (name === PROGRAM) return;
    this.#batch(span);
    this.ended += 1;
    if (this.countsAttributes) this.attributes += Object.keys(attributes).length;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
