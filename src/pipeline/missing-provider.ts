import { createContextKey, metrics, ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import { areSpansOff } from '../config/environment.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { logFinding, notice, printFinding } from '../diagnostics/report.ts';
import { seenCalls } from '../sdk/seam.ts';
import { activeContext, runIn } from '../util/context.ts';
import {
  isNoopMeterProvider,
  isNoopTracerProvider,
  olderApiInUse,
  providerBehind,
} from '../util/otel-api.ts';
import { platform } from '../util/platform.ts';
import { atExit } from '../util/process-events.ts';

const PROBE: symbol = createContextKey('opentelemetry-instrumentation-openai probe');

/** The recording provider that was last seen in use. It need not be the registered one. */
let used: WeakRef<TracerProvider> | undefined;
/** Whether anything has ever received what is recorded. That receiver may be gone by now. */
let isHeard = false;
/** Whether a call was made before any provider was registered. */
let wasMissing = false;

/**
 * Reports what the OpenTelemetry setup lacks. Called when a provider is first used for a call, because until
 * then the program may still set it up.
 *
 * @param hasOthers whether metrics, events or functions of the user's program receive what is recorded
 */
export function noticeProvider(provider: TracerProvider, hasOthers: boolean): void {
  const isRecording = !isNoopTracerProvider(provider);
  if (isRecording) {
    used = new platform.WeakRef(provider);
    printLate();
  } else wasMissing ||= used === undefined && !areSpansOff();
  isHeard ||= hasOthers || isRecording;
  for (const finding of findMissing(provider)) logFinding(finding);
}

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

export function currentProvider(): TracerProvider {
  return used?.deref() ?? providerBehind(trace.getTracerProvider());
}

function hasContextManager(): boolean {
  const marked = ROOT_CONTEXT.setValue(PROBE, true);
  return runIn(marked, () => activeContext().getValue(PROBE) === true);
}

function printLate(): void {
  const finding = wasMissing ? notice('provider_late') : undefined;
  wasMissing = false;
  if (finding !== undefined) printFinding(finding);
}

/**
 * Reports at process exit that the program made calls but nothing received what was recorded: no SDK, no
 * metrics, no events, and no function of the user's program. Or that its tracer provider cannot be used, or
 * was registered after the first call.
 *
 * @returns a function that cancels the report
 */
export function reportMissingProvider(): () => void {
  return atExit(printMissing);
}

function printMissing(): void {
  if (areSpansOff() || !seenCalls.value.any) return;
  if (!isNoopTracerProvider(currentProvider())) {
    printLate();
    return;
  }
  // A program that registers a tracer provider wants spans, even if its logger provider receives events.
  const isUnheard = !isHeard && isNoopMeterProvider(metrics.getMeterProvider());
  if (isUnheard || olderApiInUse() !== undefined) printFinding(missingProvider());
}
