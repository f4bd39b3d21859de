import { keysInUse } from '../../sdk/client-keys.ts';
import { guard } from '../../util/guard.ts';
import { classNameOf } from '../error.ts';
import { redactedMember, withoutCredentials, withoutSecrets } from './credentials.ts';
import { cut } from './limited-json.ts';

const MAX_DEPTH = 12;
/** Values of one argument list or result, all that a generator yields together; what is beyond is left out. */
const MAX_VALUES = 10_000;
/** Values of an error in an object. */
const MAX_ERROR_VALUES = 100;
/** Characters of all its texts together, which are looked through for secrets. */
const MAX_LENGTH = 1_000_000;

/**
 * What can be recorded of a value of the program's own: data as it is, objects of a class as its name, and secrets
 * never: clients, their options and keys come as arguments, too. It is a copy, made without running any code of
 * the program's. What cannot be read is left out.
 */
export function plainData(value: unknown): unknown {
  return plainDataReader()(value);
}

/** The same for an error that a server tells of, which may repeat the program's keys anywhere. */
export function plainError(error: unknown): unknown {
  const keys = keysInUse();
  return plainDataReader((text) => withoutCredentials(text, keys), MAX_ERROR_VALUES)(error);
}

/**
 * The same for several values that are kept together: the limits are those of them all.
 *
 * @param clean gives a text without its secrets
 */
export function plainDataReader(
  clean: (text: string) => string = withoutSecrets,
  maxValues: number = MAX_VALUES,
): (value: unknown) => unknown {
  let left = maxValues;
  let room = MAX_LENGTH;
  const copy = (from: unknown, depth: number): unknown => guard('reading data', read, from, depth);
  const read = (from: unknown, depth: number): unknown => {
    if (typeof from === 'string') {
      const text = cut(from, room);
      room -= text.length;
      return clean(text) + (text === from ? '' : '…');
    }
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
      const member: unknown = Object.getOwnPropertyDescriptor(from, key)?.value;
      // Not assigned: a key such as `__proto__` would be something else.
      Object.defineProperty(copied, clean(key), {
        value: redactedMember(from, key, member) ?? copy(member, depth - 1),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return copied;
  };
  return (value) => copy(value, MAX_DEPTH);
}

/** Of no class: also where it comes from another realm, whose `Object` is not this one's. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
