import { field } from '../util/payload.ts';
import { sha256 } from '../util/sha256.ts';

/** Values of too large content that are counted. */
const MAX_MEASURED_VALUES = 100_000;
/** Characters that are hashed, which takes less than a millisecond; the whole would take longer than writing it. */
const MAX_STUB_HASHED_LENGTH = 65_536;

/** What is stored of content that is too large. */
export interface ContentStub {
  readonly type: 'omitted';
  readonly name: '…';
  readonly reason: 'too_large';
  /** The limit. */
  readonly max_length: number;
  /** Of all texts and names in it. */
  readonly characters: number;
  readonly values: number;
  /** Whether that is all, or only what was counted. */
  readonly complete: boolean;
  /** SHA-256 of the first characters of its texts, one after the other. */
  readonly sha256: string;
  /** How many characters those are. */
  readonly sha256_characters: number;
}

/** The length of the JSON of a value; if that is above the limit, some number above it, found without reading on. */
export function jsonLength(value: unknown, limit: number): number {
  let length = 0;
  const left: unknown[] = [value];
  while (left.length > 0 && length <= limit) {
    const next = plain(left.pop());
    if (typeof next === 'string') {
      length += next.length + 2 > limit - length ? next.length + 2 : quotedLength(next);
    } else if (Array.isArray(next)) {
      // Brackets, and commas between what is in it.
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
        // Of all members but the first, a comma.
        length += quotedLength(key) + (length > before + 2 ? 2 : 1);
        left.push(item);
      }
    } else {
      length += typeof next === 'number' && !Number.isFinite(next) ? 4 : otherLength(next);
    }
  }
  return length;
}

/** What tells which content it was, from a bounded part of it. */
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
      // In the order in which they stand; what is beyond the bound is only counted as missing.
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

/** With its quotes, and what JSON escapes. */
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
