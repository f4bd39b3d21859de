import { createContextKey, metrics, ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import type { Settings } from '../config/config.ts';
import { areSpansOff, isSwitchedOff } from '../config/environment.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { logFinding, sayFinding } from '../diagnostics/report.ts';
import { seenCalls } from '../sdk/seam.ts';
import { activeContext, runIn } from '../util/context.ts';
import {
  isNoopMeterProvider,
  isNoopTracerProvider,
  olderApiInUse,
  providerBehind,
} from '../util/otel-api.ts';
import { atExit } from '../util/process-events.ts';
import { noticeBatchSize } from './batch-size.ts';

const PROBE: symbol = createContextKey('opentelemetry-instrumentation-openai probe');

/** One that calls were made with, and that need not be the one that is registered. */
let used: WeakRef<TracerProvider> | undefined;
let isHeard = false;

/**
 * Says what is missing when the first call is made with a provider: it may come yet.
 *
 * @param hasOthers whether metrics, events or functions of the program take what is recorded
 */
export function noticeProvider(provider: TracerProvider, settings: Settings, hasOthers: boolean): void {
  isHeard ||= hasOthers;
  if (!isNoopTracerProvider(provider)) used = new WeakRef(provider);
  for (const finding of findMissing(provider)) logFinding(finding);
  if (settings.captureMessageContent !== 'NO_CONTENT') noticeBatchSize(provider, settings);
}

/** What is missing of OpenTelemetry now. */
export function findMissing(provider: TracerProvider): Finding[] {
  if (isNoopTracerProvider(provider)) return areSpansOff() ? [] : [missingProvider()];
  return hasContextManager() ? [] : [describeFinding('no_context_manager')];
}

function missingProvider(): Finding {
  const version = olderApiInUse();
  return version === undefined
    ? describeFinding('no_tracer_provider')
    : describeFinding('api_too_new', version);
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

/**
 * Reports at the end of a program that it made calls and that nothing recorded them: no SDK, no metrics, no events, no
 * function of the program.
 *
 * @returns takes it back
 */
export function reportMissingProvider(): () => void {
  if (areSpansOff() || isSwitchedOff()) return () => undefined;
  return atExit(() => {
    // Whatever took what calls recorded may be gone by now.
    const isUnheard = seenCalls.value.any && !isHeard && used === undefined;
    if (
      isUnheard &&
      isNoopTracerProvider(currentProvider()) &&
      isNoopMeterProvider(metrics.getMeterProvider())
    )
      sayFinding(missingProvider());
  });
}
