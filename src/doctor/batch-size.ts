import { contentTargets, type Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import { batchSizeOf, logProcessorsOf, processorsOf, sendsOverGrpc } from '../util/otel-sdk.ts';

/** What receivers of OTLP over gRPC accept by default. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Compares what the providers send over gRPC at once with what spans and events may hold by these settings. */
export function noticeBatchSize(tracers: object, loggers: object | undefined, settings: Settings): void {
  if (contentTargets(settings).span)
    noticeBatch('spans', 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', processorsOf(tracers), settings);
  if (contentTargets(settings).event && loggers !== undefined)
    noticeBatch('log records', 'OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', logProcessorsOf(loggers), settings);
}

function noticeBatch(
  items: string,
  variable: string,
  processors: readonly object[],
  { maxSpanContentLength }: Settings,
): void {
  const batch = Math.max(0, ...processors.filter(sendsOverGrpc).map((each) => batchSizeOf(each) ?? 0));
  if (batch * maxSpanContentLength <= MAX_MESSAGE_BYTES) return;
  /** How much of one fits with the other as it is. */
  const fitting = (other: number): string => String(Math.max(1, Math.floor(MAX_MESSAGE_BYTES / other)));
  notice(
    'batch_too_large',
    `${batch} ${items}`,
    String(maxSpanContentLength),
    fitting(maxSpanContentLength),
    fitting(batch),
    variable,
  );
}
