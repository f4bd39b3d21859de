import { type ExportResult, failed, SUCCESS } from 'openai-traces-viewer/shared/export-result.ts';
import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import { CircuitBreaker } from '../util/circuit-breaker.ts';
import { guard, log } from '../util/guard.ts';
import { arrayField, field } from '../util/payload.ts';
import { MAX_TIMEOUT_MS } from '../util/timers.ts';
import { settledWithin } from '../util/wait.ts';

/** Options of {@link CircuitBreakerExporter}. */
export interface CircuitBreakerExporterOptions {
  /** Consecutive failures after which the breaker opens. Default 10. */
  readonly failures?: number | undefined;
  /** Milliseconds for which an open breaker drops all data, until it tries one export again. Default 60,000. */
  readonly pause?: number | undefined;
  /**
   * Milliseconds after which an export that has not answered counts as failed, and after which `forceFlush` and
   * `shutdown` stop waiting for the exporter. Default 10,000, like the timeout of OTLP exporters.
   */
  readonly timeout?: number | undefined;
}

/** The common part of `SpanExporter`, `PushMetricExporter` and `LogRecordExporter` in SDK 2.x and 3.x. */
export interface Exporter {
  export(data: never, resultCallback: (result: ExportResult) => void): unknown;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

type Selector<Wrapped, Name> = Name extends keyof Wrapped ? NonNullable<Wrapped[Name]> : never;

const SELECTORS = ['selectAggregation', 'selectAggregationTemporality'] as const;
const DEFAULT_EXPORT_TIMEOUT_MS = 10_000;

/**
 * Stops calling an exporter while its backend is down:
 *
 * ```ts
 * new BatchSpanProcessor({ exporter: new CircuitBreakerExporter(new OTLPTraceExporter()) });
 * ```
 *
 * It wraps an exporter of spans, metrics or log records, and is an exporter of the same kind. After 10 consecutive
 * failures it opens. For 60 seconds it then drops and counts all data and reports success, so that the SDK neither
 * logs nor waits. The next export after that closes it or keeps it open. State changes are logged through `diag`.
 *
 * An export fails if the exporter reports an error, throws, or does not answer in time. Only its first answer counts.
 * A success after the timeout still closes the breaker: the backend is slow, not down.
 */
export class CircuitBreakerExporter<Wrapped extends Exporter> {
  /** Present if the wrapped metric exporter has it. */
  declare readonly selectAggregation?: Selector<Wrapped, 'selectAggregation'>;
  /** Present if the wrapped metric exporter has it. */
  declare readonly selectAggregationTemporality?: Selector<Wrapped, 'selectAggregationTemporality'>;
  readonly #exporter: Wrapped;
  readonly #name: string;
  readonly #timeout: number;
  readonly #breaker: CircuitBreaker;
  #reportedDropped = 0;

  constructor(exporter: Wrapped, options: CircuitBreakerExporterOptions = {}) {
    const own = ownFields(options);
    this.#exporter = exporter;
    this.#name = `CircuitBreakerExporter of ${exporter.constructor.name}`;
    this.#timeout = Math.min(own.timeout ?? DEFAULT_EXPORT_TIMEOUT_MS, MAX_TIMEOUT_MS);
    this.#breaker = new CircuitBreaker(own);
    // Metric readers check whether these methods exist, so they are added only if the exporter has them.
    for (const name of SELECTORS) {
      const select = field(exporter, name);
      if (typeof select === 'function') Object.assign(this, { [name]: select.bind(exporter) });
    }
  }

  /** Whether exports are dropped. After each pause, an open breaker passes on one export to try the backend. */
  get open(): boolean {
    return this.#breaker.open;
  }

  /** The total number of spans, log records or metric data points dropped. */
  get dropped(): number {
    return this.#breaker.dropped;
  }

  export(data: Parameters<Wrapped['export']>[0], resultCallback: Parameters<Wrapped['export']>[1]): void {
    if (!this.#breaker.admit(countOf(data))) {
      resultCallback(SUCCESS);
      return;
    }
    const answered = this.#expectAnswer(resultCallback);
    try {
      const returned: unknown = this.#exporter.export(data, answered);
      Promise.resolve(returned).catch((error) => answered(failed(error)));
    } catch (error) {
      answered(failed(error));
    }
  }

  /** Flushes the exporter, unless the breaker is open. Waits for the timeout at most. */
  async forceFlush(): Promise<void> {
    if (!this.open) await this.#inTime('forceFlush', () => this.#exporter.forceFlush?.());
  }

  /** Shuts the exporter down. Waits for the timeout at most, and not at all while the breaker is open. */
  async shutdown(): Promise<void> {
    await this.#inTime('shutdown', () => this.#exporter.shutdown());
  }

  /** Creates the callback that the exporter gets. If the exporter does not call it in time, the export fails. */
  #expectAnswer(resultCallback: (result: ExportResult) => void): (result: ExportResult) => void {
    let state: 'waiting' | 'late' | 'answered' = 'waiting';
    const settle = (result: ExportResult, next: typeof state): void => {
      const first = state === 'waiting';
      const succeeded = field(result, 'code') === SUCCESS.code;
      // A late export has been counted as failed already, so only a late success changes the count.
      if (first || (state === 'late' && succeeded)) this.#count(succeeded);
      state = next;
      clearTimeout(timer);
      if (first) guard('the callback of an export', resultCallback, result);
    };
    const expire = (): void => settle(failed(`no answer within ${this.#timeout} ms`), 'late');
    const timer = setTimeout(expire, this.#timeout);
    (timer as { unref?: () => void }).unref?.();
    return (result) => settle(result, 'answered');
  }

  #count(succeeded: boolean): void {
    const breaker = this.#breaker;
    const wasOpen = breaker.open;
    if (succeeded) breaker.succeeded();
    else breaker.failed();
    if (breaker.open === wasOpen) return;
    if (breaker.open) {
      log('warn', `${this.#name} opens: too many consecutive exports failed, further ones are dropped`);
      return;
    }
    log(
      'info',
      `${this.#name} closes: the backend is back, ${breaker.dropped - this.#reportedDropped} were dropped`,
    );
    this.#reportedDropped = breaker.dropped;
  }

  /** Runs something and waits for it, but no longer than the timeout. While the breaker is open, does not wait. */
  async #inTime(what: string, run: () => Promise<void> | undefined): Promise<void> {
    const work = Promise.resolve().then(run);
    const settled = work.catch(() => undefined);
    if (this.open) return;
    if (await settledWithin(this.#timeout, [settled])) await work;
    else log('warn', `${this.#name}: ${what} takes longer than ${this.#timeout} ms and is no longer awaited`);
  }
}

/** The number of spans, log records or data points. Metrics arrive as a tree, the others as arrays. */
function countOf(data: unknown): number {
  if (Array.isArray(data)) return data.length;
  const metrics = arrayField(data, 'scopeMetrics').flatMap((scope) => arrayField(scope, 'metrics'));
  return metrics.reduce<number>((points, metric) => points + arrayField(metric, 'dataPoints').length, 0);
}
