import type { SpanExporter } from '@opentelemetry/sdk-trace';

type Export = SpanExporter['export'];

/**
 * An OTLP exporter that counts what it sent, so that the demo can say at the end whether the spans arrived. The
 * standard variables set its endpoint.
 */
export class OtlpDelivery implements SpanExporter {
  readonly endpoint: string;
  spanCount = 0;
  readonly traceIds: Set<string> = new Set();
  failure: Error | undefined;
  readonly #exporter: SpanExporter;

  constructor(exporter: SpanExporter, usual: string) {
    this.#exporter = exporter;
    this.endpoint =
      process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || process.env.OTEL_EXPORTER_OTLP_ENDPOINT || usual;
  }

  export(spans: Parameters<Export>[0], report: Parameters<Export>[1]): void {
    this.#exporter.export(spans, (result) => {
      if (result.error === undefined) {
        this.spanCount += spans.length;
        for (const span of spans) this.traceIds.add(span.spanContext().traceId);
      }
      this.failure ??= result.error;
      // The demo reports a failure itself. OpenTelemetry would report one for each batch.
      report({ code: 0 });
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
