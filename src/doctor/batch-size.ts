import { contentTargets, type Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import { grpcBatchSize } from '../util/otel-sdk.ts';

/** The message size that receivers of OTLP over gRPC accept by default. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Reports a finding if a full batch of spans, each with as much content as the settings allow, exceeds that size. */
export function noticeBatchSize(provider: object, settings: Settings): void {
  const { maxSpanContentLength } = settings;
  const batch = grpcBatchSize(provider);
  if (!contentTargets(settings).span || batch * maxSpanContentLength <= MAX_MESSAGE_BYTES) return;
  const fitting = Math.max(1, Math.floor(MAX_MESSAGE_BYTES / maxSpanContentLength));
  notice('batch_too_large', String(batch), String(maxSpanContentLength), String(fitting));
}
