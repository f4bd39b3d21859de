import { terminalSafe } from 'openai-traces-viewer/shared/terminal-safe.ts';
import { nearestName } from '../util/nearest-name.ts';
import { row } from '../util/payload.ts';
import { urlWithoutSecrets } from '../util/url-secrets.ts';

export interface Option<Value> {
  /** Where the value may come from. Default: code, and the variable. */
  readonly source?: 'code' | 'variable';
  /** Default: `OTEL_INSTRUMENTATION_OPENAI_RUN_TIMEOUT` for `runTimeout`. */
  readonly variable?: string;
  readonly fallback: Value;
  /** Describes the accepted values, for messages about a rejected one. */
  readonly accepts: string;
  /** Normalises a value. Returns `undefined` if the value is not accepted. */
  readonly parse: (value: unknown) => Value | undefined;
  /** Names the part of an object that makes it invalid. */
  readonly wrongPart?: (value: unknown) => string | undefined;
  /**
   * Whether an invalid value means that no content is recorded. This applies to options that restrict
   * content: without such an option, more would be recorded than the program or its operator allows.
   */
  readonly withholdsContent?: (value: unknown) => boolean;
}

/** The environment variable of an option; `undefined` if only code can set it. */
export function variableOf(name: string, { source, variable }: Option<unknown>): string | undefined {
  if (source === 'code') return undefined;
  return variable ?? `OTEL_INSTRUMENTATION_OPENAI_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/** The names are accepted in any case. The first one is the default. */
export function oneOf<const Name extends string>(
  names: readonly [Name, ...Name[]],
  aliases: Readonly<Record<string, Name>> = {},
): Option<Name> {
  const own = Object.fromEntries(names.map((name) => [name, name])) as Record<string, Name>;
  return namedValue({ ...own, ...aliases }, names[0]);
}

export function namedValue<Value>(values: Readonly<Record<string, Value>>, fallback: Value): Option<Value> {
  const keys = Object.keys(values);
  return {
    fallback,
    accepts: keys.join(', '),
    parse: (value) => {
      const text = optionText(value).trim().toLowerCase();
      return row(
        values,
        keys.find((key) => key.toLowerCase() === text),
      );
    },
  };
}

export function flag(fallback: boolean): Option<boolean> {
  return namedValue({ true: true, false: false }, fallback);
}

export function wholeNumber(fallback: number): Option<number> {
  return {
    fallback,
    accepts: 'whole numbers from 0',
    parse: (value) => {
      const parsed = typeof value === 'string' ? Number(value.trim() || Number.NaN) : value;
      return typeof parsed === 'number' && Number.isSafeInteger(parsed) && parsed >= 0 ? parsed : undefined;
    },
  };
}

export function aFunction<Value>(): Option<Value | undefined> {
  return {
    source: 'code',
    fallback: undefined,
    accepts: 'functions',
    parse: (value) => (typeof value === 'function' ? (value as Value) : undefined),
  };
}

/** An untyped program may even pass an object that cannot be converted to a string. */
export function optionText(value: unknown): string {
  return typeof value === 'object' || typeof value === 'function' ? typeof value : String(value);
}

/** Returns the names in lower case. */
export function listedNames(value: unknown): string[] {
  return optionText(value)
    .split(',')
    .map((name) => name.trim().toLowerCase());
}

/** Accepts a list of names, or `true` or `false` for the values in `flags`. */
export function listOf<Name extends string, Flag>(
  names: readonly Name[],
  flags: Readonly<Record<'true' | 'false', Flag>>,
): Option<Flag | readonly Name[]> {
  const { parse, accepts, fallback } = namedValue(flags, flags.false);
  const isName = (value: unknown): value is Name => names.some((name) => name === value);
  return {
    fallback,
    accepts: `${accepts}, lists of ${names.join(', ')}`,
    parse: (value) => {
      const given: readonly unknown[] = Array.isArray(value) ? value : listedNames(value);
      return given.every(isName) ? [...given] : parse(value);
    },
  };
}

/** Matches what may be a key. No accepted value has such a word. */
const LIKE_A_KEY = /(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{12,}/gi;

/** A value that is not accepted, for a message. It may have been meant for another variable, whose value is secret. */
export function shownValue(value: unknown): string {
  return terminalSafe(urlWithoutSecrets(optionText(value)), 40).replace(LIKE_A_KEY, 'REDACTED');
}

export function rejectedValue(
  source: string,
  value: unknown,
  accepts: string,
  effect = 'It is treated as not set.',
  wrongPart?: string,
): string {
  const shown = JSON.stringify(shownValue(value)).replace('"object"', 'malformed');
  const place = wrongPart === undefined ? '' : ` at ${JSON.stringify(wrongPart.slice(0, 80))}`;
  const meant = nearestName(optionText(value), accepts.split(', '));
  const problem = `${source} is ${shown}${place}; accepted: ${accepts}. ${effect}`;
  return meant === undefined ? problem : `${problem} Did you mean ${meant}?`;
}
