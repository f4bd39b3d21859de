import { setTimeout as delay } from 'node:timers/promises';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  CircuitBreakerExporter,
  type CircuitBreakerExporterOptions,
} from '../../../src/export/circuit-breaker-exporter.ts';
import { SpanCounter } from '../span-counter.ts';

/** What became of all spans: each that was started has ended, and was delivered or counted as lost. */
export interface Account {
  readonly started: number;
  readonly ended: number;
  /** Names of those that have not ended. */
  readonly open: readonly string[];
  /** The exporter says that they arrived. */
  readonly delivered: number;
  /** The exporter says that they did not. */
  readonly failed: number;
  /** Dropped by the circuit breaker, by its own count. */
  readonly dropped: number;
  /** Refused by the queue of the SDK, by its own count. */
  readonly refused: number;
}

export interface LedgerOptions {
  readonly breaker?: CircuitBreakerExporterOptions;
  readonly batch?: Omit<ConstructorParameters<typeof BatchSpanProcessor>[0], 'exporter'>;
}

/** Ten seconds and more: longer than any exporter is waited for. */
const MOST_LOOKS = 1_000;

export function isBalanced({ started, ended, delivered, failed, dropped, refused }: Account): boolean {
  return started === ended && delivered + failed + dropped + refused === ended;
}

/**
 * Follows every span through the exporter: the SDK's batches, our circuit breaker, and whatever exporter is used.
 * Its processors are for a `TracerProvider`.
 */
export class Ledger {
  readonly processors: readonly SpanProcessor[];
  readonly breaker: CircuitBreakerExporter<SpanExporter>;
  readonly #spans = new SpanCounter();
  readonly #sdkMetrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #meters: MeterProvider;
  #delivered = 0;
  #failed = 0;

  constructor(exporter: SpanExporter, { breaker = {}, batch = {} }: LedgerOptions = {}) {
    this.#meters = new MeterProvider({
      readers: [
        new PeriodicExportingMetricReader({ exporter: this.#sdkMetrics, exportIntervalMillis: 2 ** 30 }),
      ],
    });
    this.breaker = new CircuitBreakerExporter(this.#counting(exporter), breaker);
    this.processors = [
      this.#spans,
      new BatchSpanProcessor({ ...batch, exporter: this.breaker, selfObsMeterProvider: this.#meters }),
    ];
  }

  /** Waits until all that has ended so far has been delivered or counted as lost: a shutdown may cut what is on its way. */
  async drained(): Promise<void> {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const { ended, delivered, failed, dropped, refused } = await this.account();
      if (delivered + failed + dropped + refused === ended) return;
      await delay(10);
    }
  }

  /** The account as soon as it is balanced: a shutdown does not wait for an exporter whose breaker is open. */
  async settled(): Promise<Account> {
    for (let looks = 0; ; looks++) {
      const account = await this.account();
      if (isBalanced(account) || looks === MOST_LOOKS) return account;
      await delay(10);
    }
  }

  async account(): Promise<Account> {
    const { started, ended, open } = this.#spans;
    return {
      started,
      ended,
      open,
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: this.breaker.dropped,
      refused: await this.#refused(),
    };
  }

  #counting(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          if (result.code === 0) this.#delivered += spans.length;
          else this.#failed += spans.length;
          done(result);
        }),
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    };
  }

  /** What the SDK itself counts as dropped since its queue was full. */
  async #refused(): Promise<number> {
    await this.#meters.forceFlush();
    const scopes = this.#sdkMetrics.getMetrics().at(-1)?.scopeMetrics ?? [];
    let refused = 0;
    for (const { descriptor, dataPoints } of scopes.flatMap(({ metrics }) => metrics)) {
      if (descriptor.name !== 'otel.sdk.processor.span.processed') continue;
      for (const { attributes, value } of dataPoints)
        if (attributes['error.type'] === 'queue_full') refused += Number(value);
    }
    return refused;
  }
}
