import type { ConsoleTreeExporter, FinishedSpan } from '../export/index.ts';

/** Hands every span that ends to the tree; structurally a `SpanProcessor` of either line of the SDK. */
export class TreeSpanProcessor {
  readonly #exporter: ConsoleTreeExporter;

  constructor(exporter: ConsoleTreeExporter) {
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
