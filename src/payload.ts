/**
 * Narrow accessors for payloads. What the SDK hands over is untrusted: fields may be missing, renamed,
 * of another type, or throw when read. Each accessor gives the value in the one type asked for, or `undefined`.
 */

/** Characters. What is recorded of names is bounded by that, and so is what maps keep by them. */
const LONGEST_NAME = 1_024;
const MOST_NAMES = 128;

const NOTHING: readonly unknown[] = [];

export type PayloadObject = Readonly<Record<string, unknown>>;

/** The value as an object whose fields can be asked for; `undefined` for `null`, arrays and primitives. */
export function asObject(value: unknown): PayloadObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as PayloadObject)
    : undefined;
}

export function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as PayloadObject)[key];
  } catch {
    return undefined;
  }
}

export function objectField(value: unknown, key: string): PayloadObject | undefined {
  return asObject(field(value, key));
}

export function arrayField(value: unknown, key: string): readonly unknown[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : NOTHING;
}

/** A non-empty text of any length, which a limit is to be put on where it is recorded. */
export function textField(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A non-empty string that names something: an id, a model, a status. Nothing of the API has longer names. */
export function stringField(value: unknown, key: string): string | undefined {
  const found = textField(value, key);
  return found !== undefined && found.length <= LONGEST_NAME ? found : undefined;
}

/** A short word of no more than letters, digits, `_`, `.` and `-`: anything else may quote somebody. */
export function wordField(value: unknown, key: string): string | undefined {
  const found = stringField(value, key);
  return found !== undefined && /^[\w.-]{1,64}$/.test(found) ? found : undefined;
}

export function numberField(value: unknown, key: string): number | undefined {
  const found = field(value, key);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

export function integerField(value: unknown, key: string): number | undefined {
  const found = field(value, key);
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : undefined;
}

/** An integer that counts something: tokens, images, results. */
export function countField(value: unknown, key: string): number | undefined {
  const found = field(value, key);
  return isCount(found) ? found : undefined;
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value);
}

export function booleanField(value: unknown, key: string): boolean | undefined {
  const found = field(value, key);
  return typeof found === 'boolean' ? found : undefined;
}

/** A row of a table of ours, by a key that somebody else chose: never what every object inherits. */
export function row<Value>(
  table: Readonly<Record<string, Value>>,
  key: string | undefined,
): Value | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

export function strings(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === 'string');
}

/** Strings that name something, no more than anybody needs. */
export function names(values: readonly unknown[]): string[] {
  return strings(values.slice(0, MOST_NAMES)).filter((value) => value.length <= LONGEST_NAME);
}
