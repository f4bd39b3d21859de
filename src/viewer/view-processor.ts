import { field } from '../util/payload.ts';
import type { ConsoleTreeExporter } from './console-tree.ts';
import { type FinishedLogRecord, isEvaluation } from './evaluations.ts';
import type { HtmlTraceExporter } from './html-trace.ts';
import type { FinishedSpan } from './viewed-span.ts';

/** The exporters of this package. They never throw, and accept the spans of a trace one by one. */
export type ViewExporter = ConsoleTreeExporter | HtmlTraceExporter;

/**
 * A span processor for SDK 2.x and 3.x: an entry of `spanProcessors`. It is also a log record processor, which shows
 * evaluations: an entry of `logRecordProcessors`.
 */
export interface ViewProcessor {
  onStart(span: unknown, context: unknown): void;
  onEnd(span: FinishedSpan): void;
  /** Shows evaluations, and ignores all other log records. */
  onEmit(record: FinishedLogRecord): void;
  /** Whether this processor shows the log record. Other log records need not be created for it. */
  enabled(options: { readonly eventName?: string | undefined }): boolean;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The bit of the trace flags that says whether a span is to be exported. */
const SAMPLED = 1;

export class ImmediateSpanProcessor implements ViewProcessor {
  readonly #exporter: ViewExporter;
  #beforeFirst: (() => void) | undefined;

  constructor(exporter: ViewExporter, beforeFirst?: () => void) {
    this.#exporter = exporter;
    this.#beforeFirst = beforeFirst;
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    // A sampler may have a span recorded, but not exported.
    const flags = field(span.spanContext(), 'traceFlags');
    if (typeof flags === 'number' && (flags & SAMPLED) === 0) return;
    const beforeFirst = this.#beforeFirst;
    this.#beforeFirst = undefined;
    beforeFirst?.();
    this.#exporter.export([span], () => undefined);
  }

  onEmit(record: FinishedLogRecord): void {
    if (isEvaluation(record.eventName)) this.#exporter.evaluated(record);
  }

  enabled({ eventName }: { readonly eventName?: string | undefined }): boolean {
    return isEvaluation(eventName);
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
