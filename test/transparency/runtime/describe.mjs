// Everything that a program can see of a value, as plain data, so that two runs of it can be compared.

/** How deep objects are followed; nothing that the SDK hands out goes deeper. */
const DEPTH = 24;

/** @param {unknown} value */
export function describe(value, seen = [], depth = 0) {
  if (value === undefined) return { undefined: true };
  if (typeof value === 'bigint' || typeof value === 'symbol') return { [typeof value]: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (typeof value === 'function') return { function: value.name, length: value.length };
  if (typeof value !== 'object' || value === null) return value;
  if (seen.includes(value)) return { seen: seen.indexOf(value) };
  if (depth > DEPTH) return { deeper: true };
  const inner = (item) => describe(item, [...seen, value], depth + 1);
  return { class: classOf(value), ...contentOf(value, inner) };
}

function contentOf(value, inner) {
  if (Array.isArray(value)) return { items: value.map(inner) };
  if (value instanceof Date) return { date: value.toISOString() };
  if (value instanceof Headers) return { entries: [...value.entries()].sort() };
  if (value instanceof URL) return { url: value.href };
  if (value instanceof Map || value instanceof Set) return { entries: [...value].map(inner) };
  if (value instanceof ArrayBuffer) return { bytes: bytesOf(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value))
    return { bytes: bytesOf(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (value instanceof AbortSignal) return { aborted: value.aborted };
  // A promise, a client and the runtime's own classes with hidden insides show nothing more.
  if (value instanceof Promise || typeof value.makeRequest === 'function') return {};
  if (isResponse(value)) return responseOf(value, inner);
  return { properties: propertiesOf(value, inner) };
}

/** One character for each byte, so that text in it can be read. */
function bytesOf(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** The runtime's `Response`, or the one that openai 4 brings. */
function isResponse(value) {
  return typeof value.status === 'number' && typeof value.arrayBuffer === 'function';
}

function responseOf({ status, statusText, ok, url, redirected, bodyUsed, headers }, inner) {
  return { status, statusText, ok, url, redirected, bodyUsed, headers: inner(Object.fromEntries(headers)) };
}

/** Where in which file an error was made, as the runtimes tell it. */
const PLACES = ['stack', 'sourceURL', 'line', 'column', 'originalLine', 'originalColumn'];

/** Also what is not enumerable, as the request's id and an error's message. */
function propertiesOf(value, inner) {
  const properties = {};
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol' || (value instanceof Error && PLACES.includes(key))) continue;
    const { enumerable } = Object.getOwnPropertyDescriptor(value, key);
    properties[enumerable ? key : `(${key})`] = inner(value[key]);
  }
  return properties;
}

/** The names of a value's classes, up to the language's own. */
function classOf(value) {
  const names = [];
  for (let holder = Object.getPrototypeOf(value); holder !== null; holder = Object.getPrototypeOf(holder)) {
    const name = holder.constructor?.name;
    if (name !== 'Object' && name !== 'Array') names.push(name);
  }
  return names.join(' < ');
}
