import { field } from '../util/payload.ts';
import { sha256 } from '../util/sha256.ts';

/** The number of values counted in content that is too large. */
const MAX_MEASURED_VALUES = 100_000;
/** The number of characters hashed, which takes less than a millisecond. Hashing all of them could take longer than writing them. */
const MAX_STUB_HASHED_LENGTH = 65_536;

/** Stored in place of content that is too large. */
export interface ContentStub {
  readonly type: 'omitted';
  readonly name: '…';
  readonly reason: 'too_large';
  /** The limit. */
  readonly max_length: number;
  /** The number of characters in all texts and names. */
  readonly characters: number;
  readonly values: number;
  /** Whether the two counts are totals; `false` if counting stopped at its limit. */
  readonly complete: boolean;
  /** SHA-256 of the first characters of all texts, concatenated. */
  readonly sha256: string;
  /** The number of characters hashed. */
  readonly sha256_characters: number;
}

/** The length of a value as JSON. Counting stops above the limit, so a result above the limit may be too small. */
export function jsonLength(value: unknown, limit: number): number {
  let length = 0;
  const left: unknown[] = [value];
  while (left.length > 0 && length <= limit) {
    const next = plain(left.pop());
    if (typeof next === 'string') {
      length += next.length + 2 > limit - length ? next.length + 2 : quotedLength(next);
    } else if (Array.isArray(next)) {
      // The brackets and the commas.
      length += Math.max(2, next.length + 1);
      if (length <= limit) for (const item of next) left.push(item);
    } else if (typeof next === 'object' && next !== null) {
      const before = length;
      length += 2;
      const keys = Object.keys(next);
      for (let index = 0; index < keys.length && length <= limit; index++) {
        const key = keys[index] as string;
        const item = field(next, key);
        if (item === undefined || typeof item === 'function' || typeof item === 'symbol') continue;
        // The colon, and a comma before all members but the first.
        length += quotedLength(key) + (length > before + 2 ? 2 : 1);
        left.push(item);
      }
    } else {
      length += typeof next === 'number' && !Number.isFinite(next) ? 4 : otherLength(next);
    }
  }
  return length;
}

/** Describes content by a bounded part of it. */
export function stubOf(value: unknown, maxLength: number): ContentStub {
  let characters = 0;
  let values = 0;
  let start = '';
  const left: unknown[] = [value];
  while (left.length > 0 && values < MAX_MEASURED_VALUES) {
    const next = plain(left.pop());
    values++;
    if (typeof next === 'string') {
      characters += next.length;
      if (start.length < MAX_STUB_HASHED_LENGTH)
        start += next.slice(0, MAX_STUB_HASHED_LENGTH - start.length);
    } else if (typeof next === 'object' && next !== null) {
      const names = Array.isArray(next) ? undefined : Object.keys(next);
      const items =
        names === undefined ? (next as readonly unknown[]) : names.map((name) => field(next, name));
      for (const name of names ?? []) characters += name.length;
      // In their order. Items beyond the limit are not counted.
      for (let index = Math.min(items.length, MAX_MEASURED_VALUES) - 1; index >= 0; index--)
        left.push(items[index]);
    }
  }
  return {
    type: 'omitted',
    name: '…',
    reason: 'too_large',
    max_length: maxLength,
    characters,
    values,
    complete: left.length === 0,
    sha256: sha256(new TextEncoder().encode(start)),
    sha256_characters: start.length,
  };
}

function plain(value: unknown): unknown {
  const toJSON = field(value, 'toJSON');
  return typeof toJSON === 'function' ? (toJSON as () => unknown).call(value) : value;
}

function otherLength(value: unknown): number {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value).length
    : 4;
}

/** The length of a JSON string, with its quotes and escapes. */
function quotedLength(text: string): number {
  let length = text.length + 2;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22 || code === 0x5c) length += 1;
    else if (code < 0x20) length += '\b\t\n\f\r'.includes(text.charAt(index)) ? 1 : 5;
    else if (code >= 0xd800 && code <= 0xdfff) {
      const low = text.charCodeAt(index + 1);
      if (code < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) index++;
      else length += 5;
    }
  }
  return length;
}
