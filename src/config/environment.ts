import { notice } from '../diagnostics/report.ts';
import { NO_ANSWER, REFUSED_CONNECTION } from '../util/export-result.ts';
import { NAME } from '../util/version.ts';
import { type Environment, flag, readEnvironment, rejectedValue, shownValue } from './option-parsers.ts';
import { adviceIfUnreachable, endpointMistakes, protocolProblem, tracesEndpoint } from './otlp.ts';

const VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_ENABLED';
const { parse, accepts } = flag(true);

/**
 * Whether `OTEL_INSTRUMENTATION_OPENAI_ENABLED=false` disables the instrumentation, whatever the code says.
 * `openai` then stays unpatched. The variable is for operators who cannot change the program.
 */
export function isSwitchedOff(): boolean {
  const environment = readEnvironment();
  const problem = switchProblem(environment);
  if (problem !== undefined) notice('option_not_accepted', problem);
  const isOff = parse(environment[VARIABLE]) === false;
  if (isOff) notice('switched_off', VARIABLE);
  return isOff;
}

export function switchProblem(environment: Environment): string | undefined {
  const value = environment[VARIABLE];
  return !value || parse(value) !== undefined ? undefined : rejectedValue(VARIABLE, value, accepts);
}

export function isSdkDisabled(): boolean {
  return readEnvironment().OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}

/** Whether the environment keeps `NodeSDK` from registering a tracer provider. */
export function areSpansOff(): boolean {
  return isSdkDisabled() || readEnvironment().OTEL_TRACES_EXPORTER?.trim() === 'none';
}

/** The known names for `OTEL_TRACES_EXPORTER`. `NodeSDK` reports others through `diag` only. */
const EXPORTER_NAMES: readonly string[] = ['otlp', 'console', 'zipkin', 'none'];

export function namedExporters(environment: Environment): string[] {
  return (environment.OTEL_TRACES_EXPORTER ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

export function exporterProblem(environment: Environment): string | undefined {
  const unknown = namedExporters(environment).find((name) => !EXPORTER_NAMES.includes(name));
  if (unknown === undefined) return protocolProblem(environment);
  const shown = JSON.stringify(shownValue(unknown));
  return `OTEL_TRACES_EXPORTER names ${shown}, which is unknown, so it exports nothing; accepted: ${EXPORTER_NAMES.join(', ')}.`;
}

/** Names a configuration file. Only `…/register` and `startNodeSdk` read it, in place of all variables. */
export const CONFIG_FILE_VARIABLE = 'OTEL_CONFIG_FILE';

export function hasConfigurationFile(environment: Environment): boolean {
  return Boolean(environment[CONFIG_FILE_VARIABLE]?.trim());
}

export function adviceIfUnsent(environment: Environment, endpoint: string, reason: string): string {
  if (hasConfigurationFile(environment)) return `See the exporter in the file of ${CONFIG_FILE_VARIABLE}.`;
  const isNamed = endpoint === tracesEndpoint(environment);
  const [mistake] = isNamed ? endpointMistakes(environment) : [];
  if (mistake !== undefined) return mistake.join(' ');
  const isUnreachable = reason === REFUSED_CONNECTION || reason === NO_ANSWER;
  if (!isUnreachable) return `To find out why: npx ${NAME} doctor`;
  return isNamed ? adviceIfUnreachable(environment) : 'Is a server running there?';
}
