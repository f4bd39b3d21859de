import type { Context, Span, TracerProvider } from '@opentelemetry/api';
import type { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Case } from './cases/case.ts';

/** What `require` gives in a folder in which OpenTelemetry is installed. */
export type Load = (name: string) => unknown;

/** The parts of a case that decide how telemetry is set up. */
export type TelemetryOptions = Pick<Case, 'metered' | 'sampled' | 'silent'>;

/** What was recorded, the program's own span aside. */
export interface Signals {
  readonly spans: number;
  readonly attributes: number;
  /** Measurements of histograms. */
  readonly points: number;
  readonly logRecords: number;
}

/** The SDK as a program sets it up, with spans that are counted and dropped. */
export interface Telemetry {
  readonly api: typeof import('@opentelemetry/api');
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider | undefined;
  /** Spans that have ended so far, those of the program aside. */
  readonly ended: number;
  /** Spans that are open. */
  readonly open: number;
  /** Runs something below a span of the program's own, as most programs do. */
  inSpan<Result>(run: () => Promise<Result>): Promise<Result>;
}

export interface CountingTelemetry extends Telemetry {
  /** Counts what is recorded meanwhile. */
  signalsOf(run: () => Promise<void>): Promise<Signals>;
}

const PROGRAM = 'program';

export function setUpTelemetry(load: Load, options: TelemetryOptions): CountingTelemetry {
  const { metered = true, sampled = true, silent } = options;
  const api = load('@opentelemetry/api') as typeof import('@opentelemetry/api');
  const spans = new Counter();
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
  const logRecords = countLogRecords(load, api);
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

/** Metrics are aggregated, and never exported. */
function makeMeterProvider(load: Load): { provider: MeterProvider; reader: MetricReader } {
  const sdk = load('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');
  class NoReader extends sdk.MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  const reader = new NoReader();
  return { provider: new sdk.MeterProvider({ readers: [reader] }), reader };
}

/** Log records are made, counted and dropped. `NodeSDK` has a logger provider, too, unless it is told otherwise. */
function countLogRecords(load: Load, api: Telemetry['api']): { readonly emitted: number } {
  const { LoggerProvider } = load('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs');
  const counter = { emitted: 0 };
  const processor = {
    onEmit: () => void counter.emitted++,
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

/** Drops what it gets: exporters cost the same whoever made the spans. */
class Counter implements SpanProcessor {
  ended = 0;
  open = 0;
  /** Off while anything is measured. */
  countsAttributes = false;
  attributes = 0;

  onStart(_span: Span, _context: Context): void {
    this.open += 1;
  }

  onEnd({ name, attributes }: ReadableSpan): void {
    this.open -= 1;
    if (name === PROGRAM) return;
    this.ended += 1;
    if (this.countsAttributes) this.attributes += Object.keys(attributes).length;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
