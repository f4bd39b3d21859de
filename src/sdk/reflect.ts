import type { Method } from './patches.ts';

/** Classes and functions are objects, too: what the SDK exports is looked through like any other. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function propertyOf(value: unknown, key: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[key] : undefined;
}

/** What a copy of its fields stands for; other objects may be more than these. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The one method of an object: a function without a `prototype` of its own, like those of the SDK that it stands for. */
export function asMethod(holder: Readonly<Record<string, Method>>): Method {
  return Object.values(holder)[0] as Method;
}
