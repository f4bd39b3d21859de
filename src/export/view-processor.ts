import type { FinishedSpan } from './tree.ts';

/** The exporters of this package. They never fail, and wait by themselves for the rest of a trace. */
export interface ViewExporter {
  export(spans: readonly FinishedSpan[], resultCallback: () => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A span processor for SDK 2.x and 3.x: an entry of `spanProcessors`. */
export interface ViewProcessor {
  onStart(span: unknown, context: unknown): void;
  onEnd(span: FinishedSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Passes every span to the exporter when it ends. */
export class ImmediateSpanProcessor implements ViewProcessor {
  readonly #exporter: ViewExporter;
  #beforeFirst: (() => void) | undefined;

  /** @param beforeFirst called before the first span is exported */
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
