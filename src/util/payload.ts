/**
 * Narrow accessors for payloads. Everything that the `openai` SDK hands over comes from the program or a server and may
 * be malformed: fields may be missing, renamed, of another type, or throw when read. Each accessor returns the value in
 * one type, or `undefined`.
 */

/** The maximum length of a name, such as an id or a model. It bounds recorded values and keys of maps. */
export const MAX_NAME_LENGTH: number = 1_024;

/**
 * How many entries of one answer, list or stream are recorded or kept, such as the tool calls of a response. A server
 * or a model decides how many there are, so further entries are only counted.
 */
export const MAX_REPEATED: number = 128;

/** How many entries of one array are read. Further entries are ignored or only counted. */
export const MAX_READ: number = 1_000;

/**
 * How many levels of a nested value are recorded. The API accepts tool schemas of 10 levels. In an event,
 * each level becomes three levels of protobuf, of which some collectors read at most 100.
 */
export const MAX_RECORDED_DEPTH: number = 26;

/** How many levels of messages are recorded: their parts contain values that have {@link MAX_RECORDED_DEPTH} levels. */
export const MAX_PART_DEPTH: number = MAX_RECORDED_DEPTH + 4;

const EMPTY_LIST: readonly unknown[] = [];

export type PayloadObject = Readonly<Record<string, unknown>>;
const NO_FIELDS: PayloadObject = Object.freeze({});

/** `undefined` for `null`, arrays and primitives. */
export function asObject(value: unknown): PayloadObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as PayloadObject)
    : undefined;
}

/**
 * Whether a value is an object without a class, so that a copy of its fields is equivalent. It may come from
 * another realm, such as that of a test in Jest, which has another `Object`.
 */
export function isPlainObject(value: unknown): value is object {
  if (asObject(value) === undefined) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * The fields of a value, to destructure: literal keys keep V8's inline caches monomorphic on the hot path. A
 * getter that throws also throws here, so wrap the reading function in {@link tolerating}.
 */
export function fieldsOf(value: unknown): PayloadObject {
  return typeof value === 'object' && value !== null ? (value as PayloadObject) : NO_FIELDS;
}

/** Wraps a function that reads a payload. If a getter throws, the function runs again without the fields that throw. */
export function tolerating<Payload, Result, Options = void>(
  read: (payload: Payload, options: Options) => Result,
): (payload: Payload, options: Options) => Result {
  return (payload, options) => {
    try {
      return read(payload, options);
    } catch {
      return read(tolerant(payload) as Payload, options);
    }
  };
}

/** A proxy of the object in which every field that throws is `undefined`. */
export function tolerant(value: unknown): unknown {
  return typeof value === 'object' && value !== null
    ? new Proxy(value, { get: (target, key) => tolerantField(target, key) })
    : value;
}

function tolerantField(holder: object, key: PropertyKey): unknown {
  const found = field(holder, key);
  try {
    // For a frozen object, a proxy must return the very same value.
    return Object.isFrozen(holder) ? found : tolerant(found);
  } catch {
    return tolerant(found);
  }
}

export function field(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Readonly<Record<PropertyKey, unknown>>)[key];
  } catch {
    return undefined;
  }
}

/** Reads an option. An inherited one is ignored: any code may have added it to `Object.prototype`. */
export function ownField(value: unknown, key: PropertyKey): unknown {
  try {
    return Object.hasOwn(value ?? {}, key) ? field(value, key) : undefined;
  } catch {
    return undefined;
  }
}

export function objectField(value: unknown, key: string): PayloadObject | undefined {
  return asObject(field(value, key));
}

export function arrayField(value: unknown, key: string): readonly unknown[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : EMPTY_LIST;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : EMPTY_LIST;
}

/** A non-empty text of any length. The caller must cut it before it is recorded. */
export function textField(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A non-empty string that names something: an id, a model, a status. `undefined` for longer texts. */
export function stringField(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const { [key]: found } = value as PayloadObject;
    return typeof found === 'string' && found !== '' && found.length <= MAX_NAME_LENGTH ? found : undefined;
  } catch {
    return undefined;
  }
}

export function asName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH ? value : undefined;
}

const WORD_SHAPE = /^[A-Za-z][A-Za-z_-]{0,31}$/;

/** One of the API's own words, such as a status or a finish reason. Any other text of a server may be content. */
export function asWord(value: unknown): string | undefined {
  return typeof value === 'string' && WORD_SHAPE.test(value) ? value : undefined;
}

export function numberField(value: unknown, key: string): number | undefined {
  return asNumber(field(value, key));
}

/** A finite number that OTLP can carry: its integers have at most 64 bits. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) < 2 ** 63 ? value : undefined;
}

/** A number of seconds or of USD, which cannot be negative. */
export function asAmount(value: unknown): number | undefined {
  return isAmount(value) ? value : undefined;
}

export function isAmount(value: unknown): value is number {
  return (asNumber(value) ?? -1) >= 0;
}

export function asInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

export function countField(value: unknown, key: string): number | undefined {
  return asCount(field(value, key));
}

export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value) ? value : undefined;
}

/** A number of tokens. Some servers send it as a decimal string. */
export function asTokenCount(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isSafeInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

export function booleanField(value: unknown, key: string): boolean | undefined {
  return asBoolean(field(value, key));
}

export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Looks up a row in one of our tables. A server may choose the key, so inherited properties are ignored. */
export function row<Value>(
  table: Readonly<Record<string, Value>>,
  key: string | undefined,
): Value | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

export function strings(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === 'string');
}

/** The strings among the first entries that are short enough to be names. */
export function names(values: readonly unknown[]): string[] {
  return strings(first(values)).filter((value) => value.length <= MAX_NAME_LENGTH);
}

/** Returns the array itself, not a copy, if it is short enough. */
export function first<Value>(values: readonly Value[], most: number = MAX_REPEATED): readonly Value[] {
  return values.length > most ? values.slice(0, most) : values;
}

/** Sets a property of a copy. A plain assignment would treat the name `__proto__` specially. */
export function setOwn(copied: object, name: string, value: unknown): void {
  Object.defineProperty(copied, name, { value, configurable: true, enumerable: true, writable: true });
}

/**
 * Reads one header of a request or a response. The headers may be a plain object or similar to `Headers` (openai 4), an
 * object whose `values` is a `Headers` (openai 5 to 7), or a real `Headers`.
 */
export function readHeader(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { values } = headers as PayloadObject;
  const holder = (typeof values === 'object' && values !== null ? values : headers) as PayloadObject;
  const { get } = holder;
  const value =
    typeof get === 'function' ? get.call(holder, name) : (holder[name] ?? holder[name.toLowerCase()]);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
