import { metrics } from '@opentelemetry/api';
import { areSpansOff, isSwitchedOff } from '../config/kill-switch.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import { sayFinding } from '../diagnostics/report.ts';
import { seenCalls } from '../sdk/seen-calls.ts';
import { isNoopMeterProvider, isNoopTracerProvider } from '../util/otel-api.ts';
import { atExit } from '../util/process-exit.ts';
import { currentProvider, hasListener } from './open-telemetry.ts';

/**
 * Reports at the end of a program that it made calls and that nothing recorded them: no SDK, no metrics, no events, no
 * function of the program.
 *
 * @returns takes it back
 */
export function reportMissingProvider(): () => void {
  if (areSpansOff() || isSwitchedOff()) return () => undefined;
  return atExit(() => {
    const isMissing = seenCalls.value.any && !hasListener() && isNoopTracerProvider(currentProvider());
    if (isMissing && isNoopMeterProvider(metrics.getMeterProvider()))
      sayFinding(describeFinding('no_tracer_provider'));
  });
}
