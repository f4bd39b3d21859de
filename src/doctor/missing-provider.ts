import { metrics } from '@opentelemetry/api';
import { areSpansOff, isSwitchedOff } from '../config/kill-switch.ts';
import { describeFinding } from '../diagnostics/messages.ts';
import { sayFinding } from '../diagnostics/report.ts';
import { seenCalls } from '../sdk/seen-calls.ts';
import { isNoopMeterProvider, isNoopTracerProvider } from '../util/otel-api.ts';
import { atExit } from '../util/process-exit.ts';
import { currentProvider, hasUsedProvider } from './open-telemetry.ts';

/**
 * Reports at the end of a program that it made calls and that no SDK recorded them. For the drop-in and for
 * `OpenAIInstrumentation`: a program that uses them wants traces, while a library may instrument its client and leave the SDK to
 * the program.
 *
 * @param isHeard whether anything else takes what is recorded: metrics, events, or functions of the program
 * @returns takes it back
 */
export function reportMissingProvider(isHeard: () => boolean = hasMeterProvider): () => void {
  if (areSpansOff() || isSwitchedOff()) return () => undefined;
  return atExit(() => {
    const isMissing = seenCalls.value.any && !hasUsedProvider() && isNoopTracerProvider(currentProvider());
    if (isMissing && !isHeard()) sayFinding(describeFinding('no_tracer_provider'));
  });
}

function hasMeterProvider(): boolean {
  return !isNoopMeterProvider(metrics.getMeterProvider());
}
