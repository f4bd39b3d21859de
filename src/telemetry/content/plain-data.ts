import { keysInUse } from '../../sdk/client-keys.ts';
import { searchedStart } from '../../util/cut-text.ts';
import { guard } from '../../util/guard.ts';
import { isProxy } from '../../util/own-data.ts';
import { isPlainObject, setOwn } from '../../util/payload.ts';
import { classNameOf } from '../outcomes/failure.ts';
import { redactedMember, withoutCredentials, withoutSecrets } from './credentials.ts';

const MAX_DATA_DEPTH = 12;
/** How many values of one argument list, result or generator are recorded. */
const MAX_PLAIN_VALUES = 10_000;
const MAX_ERROR_VALUES = 100;
/** How many characters, in all texts together, are searched for secrets. What follows is left out. */
const MAX_SEARCHED_LENGTH = 262_144;

/**
 * Copies a value of the program for recording. Objects of most classes become the name of the class. Secrets
 * are removed, because arguments may be clients, options or keys. This runs no code of the program. What
 * cannot be read is left out.
 */
export function plainData(value: unknown): unknown {
  return plainDataReader()(value);
}

/** Copies an error that a server reports. The error may repeat the program's keys anywhere, so they are removed. */
export function plainError(error: unknown): unknown {
  const keys = keysInUse();
  return plainDataReader((text) => withoutCredentials(text, keys), MAX_ERROR_VALUES)(error);
}

/**
 * Returns a function that copies values like `plainData`. All values that it copies share the limits.
 *
 * @param clean removes secrets from a text
 * @param redact returns what replaces a member of an object, if it is a secret
 */
export function plainDataReader(
  clean: (text: string) => string = withoutSecrets,
  maxValues: number = MAX_PLAIN_VALUES,
  maxDepth: number = MAX_DATA_DEPTH,
  redact: typeof redactedMember = redactedMember,
): (value: unknown) => unknown {
  let left = maxValues;
  let room = MAX_SEARCHED_LENGTH;
  const copy = (from: unknown, depth: number): unknown => guard('reading data', read, from, depth);
  const cleanStart = (text: string): string => {
    const start = searchedStart(text, room, clean);
    const isCut = text.length > room;
    room -= Math.min(room, text.length);
    return isCut ? `${start}…` : start;
  };
  const read = (from: unknown, depth: number): unknown => {
    if (typeof from === 'string') return cleanStart(from);
    // Reading a proxy runs code of the program, which may even call another process.
    if (isProxy(from)) return '[proxy]';
    if (typeof from === 'function') {
      const name = memberOf(from, 'name');
      return typeof name === 'string' ? `[function ${name}]` : '[function]';
    }
    if (typeof from === 'symbol') return String(from);
    if (typeof from !== 'object' || from === null) return from;
    if (from instanceof Date) return Number.isNaN(from.getTime()) ? null : from.toISOString();
    if (depth === 0 || left <= 0) return '…';
    if (Array.isArray(from)) {
      const items: unknown[] = [];
      for (let index = 0; index < from.length && left-- > 0; index++)
        items.push(copy(memberOf(from, index), depth - 1));
      if (items.length < from.length && items.at(-1) !== '…') items.push('…');
      return items;
    }
    if (!isPlainObject(from)) return `[${classNameOf(from) ?? 'object'}]`;
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(from)) {
      if (left-- <= 0) {
        setOwn(copied, '…', '…');
        break;
      }
      const member = memberOf(from, key);
      setOwn(copied, cleanStart(key), redact(from, key, member) ?? copy(member, depth - 1));
    }
    return copied;
  };
  return (value) => copy(value, maxDepth);
}

/** Reads a member without calling a getter. */
function memberOf(holder: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value;
}
