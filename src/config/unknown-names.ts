import { asObject, field } from '../util/payload.ts';
import { OPTIONS } from './config.ts';
import { type Environment, variableOf } from './option-parsers.ts';

const EVENT_OPTION_NAMES = ['sink', 'preset'];

/** Matches our variables. Others with `GENAI` are not checked: they may be meant for other packages. */
const OWN_VARIABLE = /^OTEL_INSTRUMENTATION_(?:OPENAI_|GENAI_CAPTURE)/;
/** Our variables that set no option. */
const OTHER_VARIABLES = ['OTEL_INSTRUMENTATION_OPENAI_ENABLED', 'OTEL_INSTRUMENTATION_OPENAI_PAGE'];

export function unknownOptions(config: unknown): string[] {
  return [
    ...unknownAmong('option ', config, ['enabled', ...Object.keys(OPTIONS)]),
    ...unknownAmong('option events.', field(config, 'events'), EVENT_OPTION_NAMES),
  ];
}

export function unknownVariables(environment: Environment): string[] {
  const ours = Object.entries(environment).filter(([name]) => OWN_VARIABLE.test(name));
  const known = Object.entries(OPTIONS).flatMap(([name, option]) => variableOf(name, option) ?? []);
  return unknownAmong('', Object.fromEntries(ours), [...known, ...OTHER_VARIABLES]);
}

function unknownAmong(kind: string, values: unknown, known: readonly string[]): string[] {
  return Object.entries(asObject(values) ?? {})
    .filter(([name, value]) => value !== undefined && !known.includes(name))
    .map(([name]) => `${kind}${name.slice(0, 80)} is unknown.`);
}
