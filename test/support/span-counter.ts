import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Counts the spans that are started and ended, and knows which are open. */
export class SpanCounter implements SpanProcessor {
  started = 0;
  ended = 0;
  readonly #open = new Set<Span>();

  /** The names of those that have not ended. */
  get open(): string[] {
    return [...this.#open].map((span) => (span as unknown as ReadableSpan).name);
  }

  onStart(span: Span): void {
    this.started++;
    this.#open.add(span);
  }

  onEnd(span: ReadableSpan): void {
    this.ended++;
    this.#open.delete(span as unknown as Span);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
