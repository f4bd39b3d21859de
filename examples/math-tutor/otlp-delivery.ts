import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';

type Export = OTLPTraceExporter['export'];

/**
 * OpenTelemetry's OTLP/gRPC exporter, with an account of what it sent, so that the demo can say at the end
 * whether it arrived. The endpoint is that of the standard variables.
 */
export class OtlpDelivery extends OTLPTraceExporter {
  readonly endpoint: string =
    process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ||
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT ||
    'http://localhost:4317';
  spanCount = 0;
  readonly traceIds: Set<string> = new Set();
  failure: Error | undefined;

  override export(spans: Parameters<Export>[0], report: Parameters<Export>[1]): void {
    super.export(spans, (result) => {
      if (result.error === undefined) {
        this.spanCount += spans.length;
        for (const span of spans) this.traceIds.add(span.spanContext().traceId);
      }
      this.failure ??= result.error;
      // The demo tells of failures itself; otherwise OpenTelemetry would, once for each batch.
      report({ code: 0 });
    });
  }
}
