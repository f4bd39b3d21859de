import { type FinishedLogRecord, isEvaluation } from './evaluations.ts';
import { type ExportResult, failed, SUCCESS } from './shared/export-result.ts';
import type { FinishedSpan } from './viewed-span.ts';

/**
 * A span processor for SDK 2.x and 3.x: an entry of `spanProcessors`. It is also a log record processor, which shows
 * evaluations: an entry of `logRecordProcessors`. As an exporter, such as a `traceExporter`, it shows the same spans.
 */
export interface ViewProcessor {
  onStart(span: unknown, context: unknown): void;
  onEnd(span: FinishedSpan): void;
  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void;
  /** Shows evaluations, and ignores all other log records. */
  onEmit(record: FinishedLogRecord): void;
  /** Whether this processor shows the log record. Other log records need not be created for it. */
  enabled(options: { readonly eventName?: string | undefined }): boolean;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The bit of the trace flags that says whether a span is to be exported. */
const SAMPLED = 1;

/**
 * Both a processor and an exporter, because programs pass either where the other belongs: with an exporter among the
 * span processors, no span of the program could start. A view accepts the spans of a trace one by one, and never throws.
 */
export abstract class TraceView implements ViewProcessor {
  #beforeFirst: (() => void) | undefined;

  /** Calls the listener once, before the view shows its first span. */
  static beforeFirst(view: TraceView, listener: () => void): void {
    view.#beforeFirst = listener;
  }

  /** Throws if a span cannot be read. */
  protected abstract show(spans: readonly FinishedSpan[]): void;
  abstract evaluated(record: FinishedLogRecord): void;
  abstract forceFlush(): Promise<void>;
  abstract shutdown(): Promise<void>;

  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void {
    const beforeFirst = this.#beforeFirst;
    this.#beforeFirst = undefined;
    beforeFirst?.();
    try {
      this.show(spans);
    } catch (error) {
      resultCallback(failed(error));
      return;
    }
    resultCallback(SUCCESS);
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    // A sampler may have a span recorded, but not exported.
    const { traceFlags } = span.spanContext() as { readonly traceFlags?: unknown };
    if (typeof traceFlags === 'number' && (traceFlags & SAMPLED) === 0) return;
    this.export([span], () => undefined);
  }

  onEmit(record: FinishedLogRecord): void {
    if (isEvaluation(record.eventName)) this.evaluated(record);
  }

  enabled({ eventName }: { readonly eventName?: string | undefined }): boolean {
    return isEvaluation(eventName);
  }
}
