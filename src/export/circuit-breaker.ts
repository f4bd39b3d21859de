import { CircuitBreaker, type CircuitBreakerOptions } from '../util/circuit-breaker.ts';
import { guard, log } from '../util/guard.ts';
import { arrayField, field } from '../util/payload.ts';
import type { ExportResult } from './export-result.ts';

/** Options of {@link CircuitBreakerExporter}. */
export interface CircuitBreakerExporterOptions extends CircuitBreakerOptions {
  /**
   * Milliseconds after which an export without an answer has failed, and for which `forceFlush` and `shutdown`
   * wait for the exporter. Default 10,000, which is also what OTLP exporters give a backend.
   */
  readonly timeout?: number;
}

/** What `SpanExporter`, `PushMetricExporter` and `LogRecordExporter` of SDK 2.x and 3.x have in common. */
interface Exporter {
  export(data: never, resultCallback: (result: ExportResult) => void): unknown;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

type Selector<Wrapped, Name> = Name extends keyof Wrapped ? NonNullable<Wrapped[Name]> : never;

const SELECTORS = ['selectAggregation', 'selectAggregationTemporality'] as const;
const SUCCESS_CODE = 0;
const FAILURE_CODE = 1;
const DEFAULT_TIMEOUT = 10_000;
/** What `setTimeout` takes; it makes anything longer one millisecond. */
const MAX_EXPORT_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Leaves an exporter alone whose backend is down:
 *
 * ```ts
 * new BatchSpanProcessor({ exporter: new CircuitBreakerExporter(new OTLPTraceExporter()) });
 * ```
 *
 * It takes any exporter of spans, metrics or log records, and is one of the same kind. After 10 exports in a row
 * that failed it opens: for 60 seconds it drops what it gets, counts it, and reports success, so that the SDK
 * neither logs nor waits. Then one export decides whether it closes. It tells through `diag` when it opens and
 * when it closes.
 *
 * An exporter that throws has failed, as has one that does not answer in time; an answer that comes twice is
 * taken once. A success that comes late still counts, so that a slow backend is not taken for a dead one.
 */
export class CircuitBreakerExporter<Wrapped extends Exporter> {
  /** Of exporters of metrics that have it. */
  declare readonly selectAggregation?: Selector<Wrapped, 'selectAggregation'>;
  /** Of exporters of metrics that have it. */
  declare readonly selectAggregationTemporality?: Selector<Wrapped, 'selectAggregationTemporality'>;
  readonly #exporter: Wrapped;
  readonly #name: string;
  readonly #timeout: number;
  readonly #breaker: CircuitBreaker;
  /** What was dropped until it last closed. */
  #told = 0;

  constructor(exporter: Wrapped, options: CircuitBreakerExporterOptions = {}) {
    this.#exporter = exporter;
    this.#name = `CircuitBreakerExporter of ${exporter.constructor.name}`;
    this.#timeout = Math.min(options.timeout ?? DEFAULT_TIMEOUT, MAX_EXPORT_TIMEOUT_MS);
    this.#breaker = new CircuitBreaker(options);
    // Readers ask whether they are there, so they are there only where the exporter has them.
    for (const name of SELECTORS) {
      const select = field(exporter, name);
      if (typeof select === 'function') Object.assign(this, { [name]: select.bind(exporter) });
    }
  }

  /** Whether it drops what it gets, but for one export a minute that tries the backend again. */
  get open(): boolean {
    return this.#breaker.open;
  }

  /** Spans, log records or data points of metrics that it has dropped so far. */
  get dropped(): number {
    return this.#breaker.dropped;
  }

  export(data: Parameters<Wrapped['export']>[0], resultCallback: Parameters<Wrapped['export']>[1]): void {
    if (!this.#breaker.admit(countOf(data))) {
      resultCallback({ code: SUCCESS_CODE });
      return;
    }
    const answered = this.#expectAnswer(resultCallback);
    try {
      const returned: unknown = this.#exporter.export(data, answered);
      if (isThenable(returned)) returned.then(undefined, (error) => answered(failure(error)));
    } catch (error) {
      answered(failure(error));
    }
  }

  /** Waits for the exporter; while this is open there is nothing to wait for. */
  async forceFlush(): Promise<void> {
    if (!this.open) await this.#inTime('forceFlush', () => this.#exporter.forceFlush?.());
  }

  /** Shuts the exporter down; while this is open without waiting for it. */
  async shutdown(): Promise<void> {
    await this.#inTime('shutdown', () => this.#exporter.shutdown());
  }

  /** What the exporter is to call. It is called for it when the time is over. */
  #expectAnswer(resultCallback: (result: ExportResult) => void): (result: ExportResult) => void {
    let state: 'waiting' | 'late' | 'answered' = 'waiting';
    const settle = (result: ExportResult, next: typeof state): void => {
      const first = state === 'waiting';
      const succeeded = field(result, 'code') === SUCCESS_CODE;
      // What is late has failed before: only that it succeeded is news.
      if (first || (state === 'late' && succeeded)) this.#count(succeeded);
      state = next;
      clearTimeout(timer);
      if (first) guard('the callback of an export', resultCallback, result);
    };
    const giveUp = (): void => settle(failure(`no answer within ${this.#timeout} ms`), 'late');
    const timer = setTimeout(giveUp, this.#timeout);
    // Waiting for a backend is no reason for a process to go on.
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
      log('warn', `${this.#name} opens: too many exports in a row failed, what comes next is dropped`);
      return;
    }
    log('info', `${this.#name} closes: the backend is back, ${breaker.dropped - this.#told} were dropped`);
    this.#told = breaker.dropped;
  }

  /** Has something done, and waits for it: not where this is open, and no longer than the timeout. */
  async #inTime(what: string, run: () => Promise<void> | undefined): Promise<void> {
    const work = Promise.resolve().then(run);
    if (this.open) {
      work.catch(() => undefined);
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log('warn', `${this.#name}: ${what} takes longer than ${this.#timeout} ms, nobody waits for it now`);
        resolve();
      }, this.#timeout);
    });
    await Promise.race([work, late]).finally(() => clearTimeout(timer));
  }
}

function failure(reason: unknown): ExportResult {
  return { code: FAILURE_CODE, error: reason instanceof Error ? reason : new Error(String(reason)) };
}

/** Spans and log records come in arrays, metrics in a tree. */
function countOf(data: unknown): number {
  if (Array.isArray(data)) return data.length;
  const metrics = arrayField(data, 'scopeMetrics').flatMap((scope) => arrayField(scope, 'metrics'));
  return metrics.reduce<number>((points, metric) => points + arrayField(metric, 'dataPoints').length, 0);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof field(value, 'then') === 'function';
}
