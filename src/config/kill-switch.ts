import { notice } from '../diagnostics/report.ts';
import { flag } from './option-parsers.ts';

const VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_ENABLED';
const { parse, accepts } = flag(true);

/**
 * Whether `OTEL_INSTRUMENTATION_OPENAI_ENABLED=false` disables the instrumentation, overriding any code. It is meant for
 * operators who cannot change the program. `openai` then stays untouched.
 */
export function isSwitchedOff(): boolean {
  const value = typeof process === 'object' ? process.env?.[VARIABLE] : undefined;
  if (value === undefined || value === '') return false;
  const enabled = parse(value);
  if (enabled === undefined)
    notice(
      'option_not_accepted',
      `${VARIABLE} is ${JSON.stringify(value.slice(0, 40))}; accepted are ${accepts}. It is treated as not set.`,
    );
  if (enabled === false) notice('switched_off', VARIABLE);
  return enabled === false;
}

/** Whether OpenTelemetry's own switch is off. */
export function isSdkDisabled(): boolean {
  return globalThis.process?.env?.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}
