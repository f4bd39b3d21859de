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
