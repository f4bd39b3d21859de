import { notice } from '../diagnostics/report.ts';
import { NO_ANSWER, REFUSED_CONNECTION } from '../util/failure-reason.ts';
import { type Environment, readEnvironment } from '../util/variables.ts';
import { NAME } from '../util/version.ts';
import { flag, namedValue, rejectedValue, shownValue } from './option-parsers.ts';
import { adviceIfUnreachable, endpointMistakes, protocolProblem, tracesEndpoint } from './otlp.ts';

const VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_ENABLED';
const { accepts } = flag(true);
/** Operators who switch something off write it in several ways. */
const { parse } = namedValue(
  { true: true, false: false, 1: true, 0: false, on: true, off: false, yes: true, no: false },
  true,
);

/**
 * Whether `OTEL_INSTRUMENTATION_OPENAI_ENABLED=false` disables the instrumentation, whatever the code says.
 * `openai` then stays unpatched. The variable is for operators who cannot change the program.
 */
export function isSwitchedOff(): boolean {
  const environment = readEnvironment();
  const problem = switchProblem(environment);
  if (problem !== undefined) notice('option_not_accepted', problem);
  const isOff = parse(environment[VARIABLE]) === false;
  if (isOff) notice('switched_off', VARIABLE, environment[VARIABLE]?.trim() ?? '');
  return isOff;
}

export function switchProblem(environment: Environment): string | undefined {
  const value = environment[VARIABLE];
  return !value || parse(value) !== undefined ? undefined : rejectedValue(VARIABLE, value, accepts);
}

export function isSdkDisabled({ OTEL_SDK_DISABLED: value = '' }: Environment = readEnvironment()): boolean {
  return value.trim().toLowerCase() === 'true';
}

/** Whether the environment keeps `NodeSDK` from registering a tracer provider. */
export function areSpansOff(): boolean {
  return isSdkDisabled() || namedExporters(readEnvironment()).includes('none');
}

/** The known names for `OTEL_TRACES_EXPORTER`. `NodeSDK` reports others through `diag` only. */
const EXPORTER_NAMES: readonly string[] = ['otlp', 'console', 'zipkin', 'none'];

export function namedExporters(environment: Environment): string[] {
  return (environment.OTEL_TRACES_EXPORTER ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

const SAMPLERS: readonly string[] = ['always_on', 'always_off', 'traceidratio'];
const RATIO_SAMPLER = /^(?:parentbased_)?traceidratio$/;
const BATCHING_VARIABLE = /^OTEL_BSP_(?:MAX_QUEUE_SIZE|SCHEDULE_DELAY|EXPORT_TIMEOUT|MAX_EXPORT_BATCH_SIZE)$/;

/** The values of standard variables that the SDK does not understand, which it reports through `diag` only. */
export function sdkProblems(environment: Environment): string[] {
  const { OTEL_SDK_DISABLED: disabled = '' } = environment;
  const isUnderstood = !disabled.trim() || flag(false).parse(disabled) !== undefined;
  const problems = isUnderstood
    ? []
    : [rejectedValue('OTEL_SDK_DISABLED', disabled, 'true, false', 'The SDK is not disabled.')];
  // A configuration file replaces all other variables.
  if (hasConfigurationFile(environment)) return problems;
  for (const problem of [exporterProblem(environment), samplerProblem(environment)])
    if (problem !== undefined) problems.push(problem);
  for (const [name, value = ''] of Object.entries(environment))
    if (BATCHING_VARIABLE.test(name) && value.trim() && !(Number.isInteger(+value) && +value > 0))
      problems.push(rejectedValue(name, value, 'whole numbers from 1', 'With it, spans may be lost.'));
  return problems;
}

function exporterProblem(environment: Environment): string | undefined {
  const unknown = namedExporters(environment).find((name) => !EXPORTER_NAMES.includes(name));
  if (unknown === undefined) return protocolProblem(environment);
  const shown = JSON.stringify(shownValue(unknown));
  return `OTEL_TRACES_EXPORTER names ${shown}, which is unknown, so it exports nothing; accepted: ${EXPORTER_NAMES.join(', ')}.`;
}

function samplerProblem(environment: Environment): string | undefined {
  const { OTEL_TRACES_SAMPLER: sampler = '', OTEL_TRACES_SAMPLER_ARG: ratio = '' } = environment;
  // The SDK neither trims the name nor ignores its case.
  if (sampler.trim() && !SAMPLERS.includes(sampler.replace(/^parentbased_/, ''))) {
    const accepted = [...SAMPLERS, ...SAMPLERS.map((name) => `parentbased_${name}`)].join(', ');
    return rejectedValue('OTEL_TRACES_SAMPLER', sampler, accepted, 'parentbased_always_on is used.');
  }
  if (!ratio.trim()) return undefined;
  if (!RATIO_SAMPLER.test(sampler))
    return 'OTEL_TRACES_SAMPLER_ARG has no effect unless OTEL_TRACES_SAMPLER is traceidratio or parentbased_traceidratio.';
  if (+ratio >= 0 && +ratio <= 1) return undefined;
  return rejectedValue('OTEL_TRACES_SAMPLER_ARG', ratio, 'numbers from 0 to 1', '1 is used.');
}

/** The settings that turn off tracing or export. `wish` completes the remedy "To …, unset it." */
export function switchesOff(environment: Environment): [name: string, effect: string, wish: string][] {
  const { OTEL_TRACES_SAMPLER: sampler = '', OTEL_TRACES_SAMPLER_ARG: ratio = '' } = environment;
  const isRatioZero = RATIO_SAMPLER.test(sampler) && ratio.trim() !== '' && +ratio === 0;
  // A configuration file sets up exporters and the sampler in place of these variables.
  const counts = !hasConfigurationFile(environment);
  const unsent = {
    OTEL_SDK_DISABLED: isSdkDisabled(environment),
    OTEL_TRACES_EXPORTER: counts && namedExporters(environment).includes('none'),
    OTEL_TRACES_SAMPLER: counts && /^(?:parentbased_)?always_off$/.test(sampler),
    OTEL_TRACES_SAMPLER_ARG: counts && isRatioZero,
  };
  const found: [string, string, string][] = Object.entries(unsent)
    .filter(([, isOff]) => isOff)
    .map(([name]) => [name, 'no spans are sent', 'send spans']);
  return parse(environment[VARIABLE]) === false
    ? [[VARIABLE, 'calls of openai are not recorded', 'record them'], ...found]
    : found;
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
