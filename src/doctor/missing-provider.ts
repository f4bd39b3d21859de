import { isSdkDisabled, isSwitchedOff } from '../config/kill-switch.ts';
import { describeFinding } from '../diagnostics/messages.ts';
import { sayFinding } from '../diagnostics/report.ts';
import { seenCalls } from '../sdk/seen-calls.ts';
import { isNoopTracerProvider } from '../util/otel-api.ts';
import { atExit } from '../util/process-exit.ts';
import { currentProvider, hasUsedProvider } from './open-telemetry.ts';

/**
 * Reports at the end of a program that it made calls and that no SDK recorded them. For the drop-in and for
 * `OpenAIInstrumentation`: whoever uses them wants traces, while a library may instrument its client and leave the SDK to
 * the program.
 *
 * @returns takes it back
 */
export function reportMissingProvider(): () => void {
  // With this exporter NodeSDK registers no provider.
  const isOff = globalThis.process?.env?.OTEL_TRACES_EXPORTER?.trim() === 'none';
  if (isOff || isSwitchedOff() || isSdkDisabled()) return () => undefined;
  return atExit(() => {
    if (seenCalls.value.any && !hasUsedProvider() && isNoopTracerProvider(currentProvider()))
      sayFinding(describeFinding('no_tracer_provider'));
  });
}
