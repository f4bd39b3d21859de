import { createContextKey, ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import { recordsContentOnSpans, type Settings } from '../config/config.ts';
import type { Finding } from '../diagnostics/finding.ts';
import { describeFinding } from '../diagnostics/messages.ts';
import { logFinding, notice } from '../diagnostics/report.ts';
import { sendsOverGrpc } from '../telemetry/provider-endpoints.ts';
import { processorsOf } from '../telemetry/span-processors.ts';
import { activeContext, runIn } from '../util/active-context.ts';
import { isNoopTracerProvider, providerBehind } from '../util/otel-api.ts';
import { countField } from '../util/payload.ts';

/** What receivers of OTLP over gRPC accept by default. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const PROBE: symbol = createContextKey('opentelemetry-instrumentation-openai probe');

/** One that calls were made with, and that need not be the one that is registered. */
let used: WeakRef<TracerProvider> | undefined;

/** Says what is missing when the first call is made with a provider: it may come yet. */
export function noticeProvider(provider: TracerProvider): void {
  if (!isNoopTracerProvider(provider)) used = new WeakRef(provider);
  for (const finding of findMissing(provider)) logFinding(finding);
}

/** Whether a call was made with a provider. It may be gone by now. */
export function hasUsedProvider(): boolean {
  return used !== undefined;
}

/** What is missing of OpenTelemetry now. */
export function findMissing(provider: TracerProvider): Finding[] {
  if (isNoopTracerProvider(provider)) return [describeFinding('no_tracer_provider')];
  return hasContextManager() ? [] : [describeFinding('no_context_manager')];
}

/** The provider that calls were made with, else the one that is registered, behind the API's proxy. */
export function currentProvider(): TracerProvider {
  const inUse = used?.deref();
  if (inUse !== undefined) return inUse;
  return providerBehind(trace.getTracerProvider());
}

function hasContextManager(): boolean {
  const marked = ROOT_CONTEXT.setValue(PROBE, true);
  return runIn(marked, () => activeContext().getValue(PROBE) === true);
}

/** Compares what the provider sends at once with what spans may hold by these settings. */
export function noticeBatchSize(provider: object, settings: Settings): void {
  if (!recordsContentOnSpans(settings)) return;
  const batch = largestBatch(provider);
  if (batch !== undefined && recordsTooMuch(batch, settings))
    notice('batch_too_large', ...batchDetails(batch, settings));
}

/** The same for a size that is known before there is a provider. */
export function findBatch(batch: number, settings: Settings): Finding[] {
  if (!recordsTooMuch(batch, settings)) return [];
  return [describeFinding('batch_too_large', ...batchDetails(batch, settings))];
}

function recordsTooMuch(batch: number, settings: Settings): boolean {
  return recordsContentOnSpans(settings) && batch * settings.maxSpanContentLength > MAX_MESSAGE_BYTES;
}

/** What there is of each, and what of each would fit with the other as it is. */
function batchDetails(batch: number, { maxSpanContentLength }: Settings): string[] {
  const fitting = (other: number): number => Math.max(1, Math.floor(MAX_MESSAGE_BYTES / other));
  return [batch, maxSpanContentLength, fitting(maxSpanContentLength), fitting(batch)].map(String);
}

/** How many spans the SDK's batching processors send over gRPC at once: in no API, but on them in both lines of the SDK. */
function largestBatch(provider: object): number | undefined {
  const sizes = processorsOf(provider)
    .filter(sendsOverGrpc)
    .map((processor) => countField(processor, '_maxExportBatchSize'))
    .filter((size) => size !== undefined);
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}
