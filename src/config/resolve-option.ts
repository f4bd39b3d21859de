import { type Option, optionText } from './option-parsers.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Receives a sentence for each value that is not accepted.
 *
 * @param withholdsContent whether no content may be recorded because of it
 */
export type ReportProblem = (problem: string, withholdsContent: boolean) => void;

/** Resolves an option: its value in code, else that of its environment variable, else its default. */
export function resolveOption<Value>(
  { name, given, option }: { name: string; given: unknown; option: Option<Value> },
  report: ReportProblem,
  environment: Environment,
): Value {
  const { variable, variableOnly, fallback, accepts, parse, withholdsContent } = option;
  const sources = [
    { name: `option ${name}`, value: variableOnly ? undefined : given, withholds: withholdsContent },
    { name: variable ?? '', value: variable === undefined ? undefined : environment[variable] },
  ];
  for (const source of sources) {
    const withholds = source.value !== undefined && source.withholds?.(source.value) === true;
    if (source.value === undefined || (source.value === '' && !withholds)) continue;
    const value = parse(source.value);
    if (value !== undefined) return value;
    const shown = JSON.stringify(optionText(source.value).slice(0, 40)).replace('"object"', 'malformed');
    const effect = withholds ? 'No content is recorded.' : 'It is treated as not set.';
    report(`${source.name} is ${shown}; accepted: ${accepts}. ${effect}`, withholds);
    if (withholds) return fallback;
  }
  return fallback;
}
