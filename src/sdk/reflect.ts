import type { Method } from './patches.ts';

/** Unlike `typeof`, counts classes and functions as objects. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function propertyOf(value: unknown, key: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[key] : undefined;
}

export function hasPrototype(value: object, prototype: object): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, value);
}

/** The only method of an object. Like the SDK's methods, and unlike a function, it has no `prototype`. */
export function asMethod(holder: Readonly<Record<string, Method>>): Method {
  return Object.values(holder)[0] as Method;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

type Inspect = (value: unknown, options: object) => string;

/** Makes a method look like the SDK's function that it replaces: its class and properties are the same, and Node prints it alike. */
export function resemble<Replacement extends object>(
  original: object,
  replacement: Replacement,
): Replacement {
  Object.setPrototypeOf(replacement, Object.getPrototypeOf(original));
  return Object.defineProperties(replacement, {
    ...Object.getOwnPropertyDescriptors(original),
    // A proxy would need none of this, but Node 26 prints proxies as such.
    [INSPECT]: { value: (_depth: number, options: object, inspect: Inspect) => inspect(original, options) },
  });
}
