import type { HrTime } from '@opentelemetry/api';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

/** A span that can be written as JSON: as the program sent it, or as a backend returns it. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** Seconds and nanoseconds, as exact as the backend stores them. */
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A point of a metric: the sum of a histogram, or the value of any other metric. */
export interface StoredPoint {
  readonly metric: string;
  readonly unit: string;
  readonly value: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The content of the file that the program writes. */
export interface Sent {
  readonly spans: readonly StoredSpan[];
  readonly metrics: readonly StoredPoint[];
}

/** Keeps the spans that the program sends. */
export class SentSpans implements SpanProcessor {
  readonly ended: StoredSpan[] = [];

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { traceId, spanId } = span.spanContext();
    const { name, startTime, endTime, attributes } = span;
    const parentSpanId = span.parentSpanContext?.spanId ?? '';
    this.ended.push({ traceId, spanId, parentSpanId, name, startTime, endTime, attributes });
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Keeps the metrics of the program's last export. */
export class SentMetrics implements PushMetricExporter {
  last: StoredPoint[] = [];

  export({ scopeMetrics }: ResourceMetrics, report: (result: { code: number }) => void): void {
    this.last = scopeMetrics.flatMap((scope) =>
      scope.metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ value, attributes }) => ({
          metric: name,
          unit,
          value: typeof value === 'number' ? value : (value.sum ?? 0),
          attributes,
        })),
      ),
    );
    report({ code: 0 });
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
