import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** A time of a span in milliseconds. */
export function millisecondsOf([seconds, nanoseconds]: HrTime = [Number.NaN, 0]): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** The same in whole nanoseconds, which no number has room for. */
export function nanosecondsOf([seconds, nanoseconds]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

/** The spans that begin before the span above them, or end after it. */
export function outsideOfParent(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((each) => [each.spanContext().spanId, each]));
  return spans.flatMap((each) => {
    const above = byId.get(each.parentSpanContext?.spanId ?? '');
    if (above === undefined) return [];
    const early = nanosecondsOf(above.startTime) - nanosecondsOf(each.startTime);
    const late = nanosecondsOf(each.endTime) - nanosecondsOf(above.endTime);
    return early > 0n || late > 0n ? [`${each.name} in ${above.name}: -${early} +${late}`] : [];
  });
}
