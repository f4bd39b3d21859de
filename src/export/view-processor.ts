import type { FinishedSpan } from './tree.ts';

/** The exporters of this package: they never fail, and wait by themselves for what belongs together. */
export interface ViewExporter {
  export(spans: readonly FinishedSpan[], resultCallback: () => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A span processor for either line of the SDK: an entry of `spanProcessors`. */
export interface ViewProcessor {
  onStart(span: unknown, context: unknown): void;
  onEnd(span: FinishedSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Hands every span on as it ends. */
export class ImmediateSpanProcessor implements ViewProcessor {
  readonly #exporter: ViewExporter;
  #beforeFirst: (() => void) | undefined;

  /** @param beforeFirst called before the first span is handed on */
  constructor(exporter: ViewExporter, beforeFirst?: () => void) {
    this.#exporter = exporter;
    this.#beforeFirst = beforeFirst;
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    const beforeFirst = this.#beforeFirst;
    this.#beforeFirst = undefined;
    beforeFirst?.();
    this.#exporter.export([span], () => undefined);
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
