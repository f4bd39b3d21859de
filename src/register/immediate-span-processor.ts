import type { FinishedSpan } from '../export/index.ts';

/** The exporters of this package: they never fail, and wait by themselves for what belongs together. */
interface Exporter {
  export(spans: readonly FinishedSpan[], resultCallback: () => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Hands on every span as it ends; structurally a `SpanProcessor` of either line of the SDK. */
export class ImmediateSpanProcessor {
  readonly #exporter: Exporter;

  constructor(exporter: Exporter) {
    this.#exporter = exporter;
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    this.#exporter.export([span], () => undefined);
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
