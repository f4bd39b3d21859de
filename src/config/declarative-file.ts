import { OPTIONS } from './config.ts';
import { CONFIG_FILE_VARIABLE } from './environment.ts';
import { variableOf } from './option-parsers.ts';

/** The key of a configuration file below which instrumentations have options. OpenTelemetry's SDK does not pass them on. */
const SECTION = /^["']?instrumentation\/development["']?\s*:.*\n((?:[ \t#].*\n|\s*\n)*)/m;
/** Our part of that section, whatever the instrumentation is called there, and what is indented below it. */
const OWN_PART = /^([ \t]+)["']?[\w@/.-]*openai[\w.-]*["']?[ \t]*:.*\n((?:\1[ \t]+.*\n|\s*\n)*)/im;
const OPTION_KEY = /^([ \t]+)["']?([A-Za-z_][\w-]*)["']?[ \t]*:/gm;

/**
 * The options for this package in a configuration file of OpenTelemetry, which have no effect there, with what to use
 * instead. The text is not parsed as a whole: that would need a package.
 */
export function ignoredFileOptions(text: string): string[] {
  const [, , part = ''] = OWN_PART.exec(SECTION.exec(`${text}\n`)?.[1] ?? '') ?? [];
  const keys = [...part.matchAll(OPTION_KEY)].map(([, indent = '', key = '']) => ({ indent, key }));
  const [first] = keys;
  return keys
    .filter(({ indent }) => indent === first?.indent)
    .map(({ key }) => {
      const name = key.replace(/[_-]+(\w)/g, (_, letter: string) => letter.toUpperCase());
      const option = Object.entries(OPTIONS).find(([known]) => known === name);
      const variable = option === undefined ? undefined : variableOf(...option);
      const remedy = variable === undefined ? 'set it in code' : `set ${variable}`;
      return `The option ${key} in the file of ${CONFIG_FILE_VARIABLE} has no effect, because OpenTelemetry's SDK passes no instrumentation its options; ${remedy}.`;
    });
}
