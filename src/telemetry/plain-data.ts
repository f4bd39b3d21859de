import { classNameOf } from './error.ts';

const MAX_DEPTH = 12;
/** Values of one argument list or result; what is beyond is left out. */
const MAX_VALUES = 10_000;
/** Clients, their options and keys come as arguments, too. */
const SECRET_NAME = /api[-_]?key|authorization|password|secret/i;
const KEY = /^(?:sk-[\w-]{3,}|(?:Bearer|Basic)\s+\S+)$/i;
const REDACTED = 'REDACTED';

/**
 * What can be recorded of a value of the program's own: data as it is, objects of a class as its name, and keys
 * never. It is a copy, made without running any code of the program's.
 */
export function plainData(value: unknown): unknown {
  let left = MAX_VALUES;
  const copy = (from: unknown, depth: number): unknown => {
    if (typeof from === 'string') return KEY.test(from) ? REDACTED : from;
    if (typeof from === 'function') return `[function ${from.name}]`;
    if (typeof from === 'symbol') return String(from);
    if (typeof from !== 'object' || from === null) return from;
    if (from instanceof Date) return Number.isNaN(from.getTime()) ? null : from.toISOString();
    if (depth === 0 || left <= 0) return '…';
    if (Array.isArray(from)) {
      const taken = from.slice(0, left);
      left -= taken.length;
      return taken.map((item) => copy(item, depth - 1));
    }
    if (!isPlain(from)) return `[${classNameOf(from) ?? 'object'}]`;
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(from)) {
      if (left-- <= 0) break;
      const property = Object.getOwnPropertyDescriptor(from, key);
      const shown = SECRET_NAME.test(key) ? REDACTED : copy(property?.value, depth - 1);
      // Not assigned: a key such as `__proto__` would be something else.
      Object.defineProperty(copied, key, {
        value: shown,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return copied;
  };
  return copy(value, MAX_DEPTH);
}

/** Of no class: also where it comes from another realm, whose `Object` is not this one's. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
