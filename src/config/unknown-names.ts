import { keepNewest } from '../util/bounded-map.ts';
import { nearestName } from '../util/nearest-name.ts';
import { asObject, ownField, row } from '../util/payload.ts';
import type { Environment } from '../util/variables.ts';
import { OPTIONS } from './config.ts';
import { variableOf } from './option-parsers.ts';

const EVENT_OPTION_NAMES = ['sink', 'preset'];

/** Matches our variables. Others may be meant for other packages, unless they are almost one of ours. */
const OWN_VARIABLE = /^OTEL_INSTRUMENTATION_(?:OPENAI_|GENAI_CAPTURE)/;
const VARIABLE_PREFIX = /^OTEL_INSTRUMENTATION_(?:OPENAI|GENAI)_/;
/** By how many letters the name of another variable may differ from one of ours. */
const MAX_SLIPS = 2;
const KNOWN_VARIABLES: readonly string[] = [
  ...Object.entries(OPTIONS).flatMap(([name, option]) => variableOf(name, option) ?? []),
  // These set no option.
  'OTEL_INSTRUMENTATION_OPENAI_ENABLED',
  'OTEL_INSTRUMENTATION_OPENAI_PAGE',
];

export function unknownOptions(config: unknown): string[] {
  return [
    ...unknownAmong('option ', config, ['enabled', ...Object.keys(OPTIONS)]),
    ...unknownAmong('option events.', ownField(config, 'events'), EVENT_OPTION_NAMES),
  ];
}

export function unknownVariables(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('OTEL_') && environment[name] !== undefined)
    .flatMap((name) => {
      const instead = row(USED_ELSEWHERE, name)?.(environment);
      if (instead !== undefined) return [`${name} ${instead}`];
      const problem = variableProblems.get(name) ?? problemsOf(name);
      keepNewest(variableProblems.set(name, problem));
      return problem;
    });
}

const FOLDER = 'OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH';
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/** Variables of other instrumentations for GenAI, with what to use instead. An `undefined` value says that all is as they say. */
const USED_ELSEWHERE: Readonly<Record<string, (environment: Environment) => string | undefined>> = {
  OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT: ({
    [CAPTURE]: mode,
    OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT: wish,
  }) =>
    /event/i.test(mode ?? '') === /^\s*true\s*$/i.test(wish ?? '')
      ? undefined
      : `is not read: ${CAPTURE} decides whether there are events. EVENT_ONLY and SPAN_AND_EVENT record them.`,
  OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK: ({
    [FOLDER]: folder,
    OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK: hook,
  }) => {
    if (hook?.trim() !== 'upload')
      return 'is not read: hooks are set in code, with the option completionHook.';
    return folder?.trim() ? undefined : `is "upload", for which ${FOLDER} must name a folder.`;
  },
};

/** By variable. Kept, because a program may create a client for each request, and comparing names takes long. */
const variableProblems = new Map<string, readonly string[]>();

function problemsOf(variable: string): readonly string[] {
  if (KNOWN_VARIABLES.includes(variable)) return [];
  if (!OWN_VARIABLE.test(variable)) {
    const meant = nearestName(variable, KNOWN_VARIABLES, MAX_SLIPS);
    return meant === undefined ? [] : [unknown(variable, meant)];
  }
  const meant = nearestName(restOf(variable), KNOWN_VARIABLES.map(restOf));
  return [
    unknown(
      variable,
      KNOWN_VARIABLES.find((known) => restOf(known) === meant),
    ),
  ];
}

/** What all of our variables begin with says nothing about which one was meant. */
function restOf(variable: string): string {
  return variable.replace(VARIABLE_PREFIX, '');
}

function unknownAmong(kind: string, values: unknown, known: readonly string[]): string[] {
  return Object.entries(asObject(values) ?? {})
    .filter(([name, value]) => value !== undefined && !known.includes(name))
    .map(([name]) => unknown(`${kind}${name}`, nearestName(name, known)));
}

function unknown(name: string, meant: string | undefined): string {
  const shown = `${name.slice(0, 80)} is unknown`;
  return meant === undefined ? `${shown}.` : `${shown}; did you mean ${meant}?`;
}
