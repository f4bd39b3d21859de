import type { Context, Span, TracerProvider } from '@opentelemetry/api';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

/** What `require` gives in a folder in which OpenTelemetry is installed: one of its two lines. */
export type Load = (name: string) => unknown;

export interface TelemetryOptions {
  readonly metered: boolean;
  readonly sampled: boolean;
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

const PROGRAM = 'program';

type Constructor<Value> = new (options: object) => Value;

export function setUpTelemetry(load: Load, { metered, sampled }: TelemetryOptions): Telemetry {
  const api = load('@opentelemetry/api') as typeof import('@opentelemetry/api');
  const spans = new Counter();
  const sampler = { shouldSample: () => ({ decision: sampled ? 2 : 0 }), toString: () => 'fixed' };
  const tracerProvider = new (tracerProviderClass(load))({ spanProcessors: [spans], sampler });
  api.trace.setGlobalTracerProvider(tracerProvider);
  const { AsyncLocalStorageContextManager } = load(
    '@opentelemetry/context-async-hooks',
  ) as typeof import('@opentelemetry/context-async-hooks');
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const meterProvider = metered ? makeMeterProvider(load) : undefined;
  if (meterProvider !== undefined) api.metrics.setGlobalMeterProvider(meterProvider);
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
    inSpan: (run) =>
      api.trace.getTracer(PROGRAM).startActiveSpan(PROGRAM, async (span) => {
        try {
          return await run();
        } finally {
          span.end();
        }
      }),
  };
}

function tracerProviderClass(load: Load): Constructor<TracerProvider> {
  try {
    return (load('@opentelemetry/sdk-trace') as { TracerProvider: Constructor<TracerProvider> })
      .TracerProvider;
  } catch {
    const older = load('@opentelemetry/sdk-trace-base') as {
      BasicTracerProvider: Constructor<TracerProvider>;
    };
    return older.BasicTracerProvider;
  }
}

/** Metrics are aggregated, and never exported. */
function makeMeterProvider(load: Load): MeterProvider {
  const sdk = load('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');
  class NoReader extends sdk.MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  return new sdk.MeterProvider({ readers: [new NoReader()] });
}

/** Drops what it gets: exporters cost the same whoever made the spans. */
class Counter implements SpanProcessor {
  ended = 0;
  open = 0;

  onStart(_span: Span, _context: Context): void {
    this.open += 1;
  }

  onEnd({ name }: ReadableSpan): void {
    this.open -= 1;
    if (name !== PROGRAM) this.ended += 1;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
