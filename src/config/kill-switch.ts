import { notice } from '../diagnostics/report.ts';
import { flag } from './option-parsers.ts';

const VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_ENABLED';
const { parse, accepts } = flag(true);

/**
 * Whether `OTEL_INSTRUMENTATION_OPENAI_ENABLED=false` disables the instrumentation, overriding any code. It is meant for
 * operators who cannot change the program. `openai` then stays untouched.
 */
export function isSwitchedOff(): boolean {
  const environment = typeof process === 'object' ? process.env : undefined;
  if (environment === undefined) return false;
  const problem = switchProblem(environment);
  if (problem !== undefined) notice('option_not_accepted', problem);
  const isOff = parse(environment[VARIABLE]) === false;
  if (isOff) notice('switched_off', VARIABLE);
  return isOff;
}

/** The problem with a value of the switch that is neither `true` nor `false`. */
export function switchProblem(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const value = environment[VARIABLE] ?? '';
  if (value === '' || parse(value) !== undefined) return undefined;
  return `${VARIABLE} is ${JSON.stringify(value.slice(0, 40))}; accepted: ${accepts}. It is treated as not set.`;
}

/** Whether OpenTelemetry's own switch is off. */
export function isSdkDisabled(): boolean {
  return globalThis.process?.env?.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}

/** Whether the environment keeps `NodeSDK` from registering a tracer provider. */
export function areSpansOff(): boolean {
  return isSdkDisabled() || globalThis.process?.env?.OTEL_TRACES_EXPORTER?.trim() === 'none';
}
