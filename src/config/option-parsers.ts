import { row } from '../util/payload.ts';

/** The kinds of options: what each accepts, and how it normalises a value. */

export interface Option<Value> {
  /** The environment variable, for options that can be written as text. */
  readonly variable?: string;
  /** The constructor does not accept the option. */
  readonly variableOnly?: true;
  readonly fallback: Value;
  /** Describes the accepted values in the report of a wrong one. */
  readonly accepts: string;
  /** Normalises a value; returns `undefined` if it is not accepted. */
  readonly parse: (value: unknown) => Value | undefined;
  /**
   * Whether no content is recorded if the value is given in code and not accepted. Set where the option restricts what
   * is recorded: without it, more would be recorded than the program allows.
   */
  readonly withholdsContent?: (value: unknown) => boolean;
}

/** One of several names, in any case. The first one is the default. */
export function oneOf<const Name extends string>(
  names: readonly [Name, ...Name[]],
  aliases: Readonly<Record<string, Name>> = {},
): Omit<Option<Name>, 'variable'> {
  const keys = [...names, ...Object.keys(aliases)];
  return {
    fallback: names[0],
    accepts: keys.join(', '),
    parse: (value) => {
      const key = keyFor(value, keys);
      return key === undefined ? undefined : (row(aliases, key) ?? (key as Name));
    },
  };
}

/** Values by their names, which are accepted in any case; a new value is a row. */
export function namedValue<Value>(
  values: Readonly<Record<string, Value>>,
  fallback: Value,
): Omit<Option<Value>, 'variable'> {
  const keys = Object.keys(values);
  return {
    fallback,
    accepts: keys.join(', '),
    parse: (value) => row(values, keyFor(value, keys)),
  };
}

function keyFor(value: unknown, keys: readonly string[]): string | undefined {
  const text = optionText(value).trim().toLowerCase();
  return keys.find((key) => key.toLowerCase() === text);
}

export function flag(fallback: boolean): Omit<Option<boolean>, 'variable'> {
  return namedValue({ true: true, false: false }, fallback);
}

export function wholeNumber(fallback: number): Omit<Option<number>, 'variable'> {
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
    fallback: undefined,
    accepts: 'functions',
    parse: (value) => (typeof value === 'function' ? (value as Value) : undefined),
  };
}

/** The value as text. Untyped programs may pass anything, even objects that cannot be converted. */
export function optionText(value: unknown): string {
  return typeof value === 'object' || typeof value === 'function' ? typeof value : String(value);
}
