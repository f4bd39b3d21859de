import { builtIn } from './built-in.ts';
import { asName, MAX_READ } from './payload.ts';

/** How many objects of one tool definition are inspected. A larger definition is not recorded whole anyway. */
const MAX_INERT_OBJECTS = 10_000;

export const isProxy: (value: unknown) => boolean = builtIn('node:util')?.types.isProxy ?? (() => false);

/** Reads without running code of the program: no accessor, and no trap of a proxy. */
export function ownValue(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || isProxy(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** Runs no code of the program. See {@link asName}. */
export function ownName(value: unknown, key: string): string | undefined {
  return asName(ownValue(value, key));
}

/** The first entries. Runs no code of the program. */
export function ownEntries(value: unknown): readonly unknown[] {
  if (!isReadableArray(value)) return [];
  const entries: unknown[] = [];
  for (let index = 0; index < value.length && index < MAX_READ; index++) {
    const entry = ownValue(value, index);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

export function isReadableArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !isProxy(value);
}

/** Whether a value and everything in it can be read without running code of the program. */
export function isInert(value: unknown): boolean {
  const open: unknown[] = [value];
  const seen = new Set<unknown>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isProxy(next) || seen.size > MAX_INERT_OBJECTS) return false;
    for (const key of Object.keys(next)) {
      const descriptor = Object.getOwnPropertyDescriptor(next, key);
      if (descriptor?.get !== undefined) return false;
      open.push(descriptor?.value ?? null);
    }
  }
  return true;
}
