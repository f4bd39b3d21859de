import { recordsContentOnEvents, recordsContentOnSpans, type Settings } from '../config/config.ts';
import { type CollectorEnvironment, namedProtocol } from '../config/otlp.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { notice } from '../diagnostics/report.ts';
import { batchSizeOf, logProcessorsOf, processorsOf, sendsOverGrpc } from '../util/otel-sdk.ts';

/** What receivers of OTLP over gRPC accept by default. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** What batching processors send at once where nothing else is said. */
const DEFAULT_BATCH = 512;

/** What is sent in batches. */
interface BatchedSignal {
  readonly name: string;
  readonly exporter: 'TRACES' | 'LOGS';
  readonly variable: string;
  readonly hasContent: (settings: Settings) => boolean;
}
const SPANS: BatchedSignal = {
  name: 'spans',
  exporter: 'TRACES',
  variable: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  hasContent: recordsContentOnSpans,
};
const LOG_RECORDS: BatchedSignal = {
  name: 'log records',
  exporter: 'LOGS',
  variable: 'OTEL_BLRP_MAX_EXPORT_BATCH_SIZE',
  hasContent: recordsContentOnEvents,
};

/** Compares what the providers send at once with what spans and events may hold by these settings. */
export function noticeBatchSize(tracers: object, loggers: object | undefined, settings: Settings): void {
  noticeBatch(SPANS, settings, () => processorsOf(tracers));
  if (loggers !== undefined) noticeBatch(LOG_RECORDS, settings, () => logProcessorsOf(loggers));
}

function noticeBatch(signal: BatchedSignal, settings: Settings, processors: () => object[]): void {
  const batch = signal.hasContent(settings) ? largestBatch(processors()) : undefined;
  if (batch !== undefined && exceedsLimit(batch, settings))
    notice('batch_too_large', ...batchDetails(signal, batch, settings));
}

/** The same for what the environment sets, before there is a provider. */
export function findBatches(environment: CollectorEnvironment, settings: Settings): Finding[] {
  return [SPANS, LOG_RECORDS].flatMap((signal) => {
    const { exporter, variable, hasContent } = signal;
    const batch = Number(environment[variable] || DEFAULT_BATCH);
    const isSent =
      namedProtocol(environment, exporter) === 'grpc' &&
      environment[`OTEL_${exporter}_EXPORTER`]?.trim() !== 'none';
    return isSent && hasContent(settings) && exceedsLimit(batch, settings)
      ? [describeFinding('batch_too_large', ...batchDetails(signal, batch, settings))]
      : [];
  });
}

function exceedsLimit(batch: number, { maxSpanContentLength }: Settings): boolean {
  return batch * maxSpanContentLength > MAX_MESSAGE_BYTES;
}

/** What there is of each, and what of each would fit with the other as it is. */
function batchDetails(
  { name, variable }: BatchedSignal,
  batch: number,
  { maxSpanContentLength }: Settings,
): string[] {
  const fitting = (other: number): number => Math.max(1, Math.floor(MAX_MESSAGE_BYTES / other));
  const sizes = [maxSpanContentLength, fitting(maxSpanContentLength), fitting(batch)];
  return [`${batch} ${name}`, ...sizes.map(String), variable];
}

/** How much the SDK's batching processors send over gRPC at once. */
function largestBatch(processors: readonly object[]): number | undefined {
  const sizes = processors
    .filter(sendsOverGrpc)
    .map(batchSizeOf)
    .filter((size) => size !== undefined);
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}
