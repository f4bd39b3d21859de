import { contentTargets, type Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import { batchSizeOf, processorsOf, sendsOverGrpc } from '../util/otel-sdk.ts';

/** What receivers of OTLP over gRPC accept by default. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Compares what a provider sends over gRPC at once with what spans may hold by these settings. */
export function noticeBatchSize(provider: object, settings: Settings): void {
  const { maxSpanContentLength } = settings;
  const sizes = processorsOf(provider).filter(sendsOverGrpc).map(batchSizeOf);
  const batch = Math.max(0, ...sizes.map((size) => size ?? 0));
  if (!contentTargets(settings).span || batch * maxSpanContentLength <= MAX_MESSAGE_BYTES) return;
  const fitting = Math.max(1, Math.floor(MAX_MESSAGE_BYTES / maxSpanContentLength));
  notice('batch_too_large', String(batch), String(maxSpanContentLength), String(fitting));
}
