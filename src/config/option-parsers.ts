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
}

/** One of several names, in any case. The first one is the default. */
export function oneOf<const Name extends string>(
  names: readonly [Name, ...Name[]],
  aliases: Readonly<Record<string, Name>> = {},
): Omit<Option<Name>, 'variable'> {
  const byKey = new Map<string, Name>(
    [...names.map((name) => [name, name] as const), ...Object.entries(aliases)].map(([key, name]) => [
      key.toLowerCase(),
      name,
    ]),
  );
  return {
    fallback: names[0],
    accepts: [...names, ...Object.keys(aliases)].join(', '),
    parse: (value) => byKey.get(optionText(value).trim().toLowerCase()),
  };
}

/** Values by their names, which are accepted in any case; a new value is a row. */
export function namedValue<Value>(
  values: Readonly<Record<string, Value>>,
  fallback: Value,
): Omit<Option<Value>, 'variable'> {
  const byKey = new Map(Object.entries(values));
  return {
    fallback,
    accepts: Object.keys(values).join(', '),
    parse: (value) => byKey.get(optionText(value).trim().toLowerCase()),
  };
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
