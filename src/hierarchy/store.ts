import { notice } from '../diagnostics/report.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { field, MAX_PART_DEPTH } from '../util/payload.ts';
import { type Expiring, expiryTimer } from '../util/sweep-timer.ts';

const EXPIRE_INTERVAL_MS = 60_000;
/** How long something is remembered after its last use. */
const LIFETIME_MS = 3_600_000;
/** A person may need as long for an answer. An assistant is read once in that time. */
export const LONG_LIFETIME_MS = 86_400_000;
/** What all that is open may keep, in bytes. */
const MAX_OPEN_CONTENT = 67_108_864;
/** V8 takes one or two. */
const BYTES_OF_CHARACTER = 2;
/** Represents a number, or an object without its fields. */
const CHARACTERS_OF_VALUE = 16;

/** What bounds one kind of things, beside the number that all kinds share. */
interface ShelfOptions<Value> {
  readonly lifetimeMs?: number;
  /** Called with what makes room, or has not been used for the lifetime. */
  readonly evicted?: (value: Value) => void;
  /** Whether a value is kept without being looked up. */
  readonly isInUse?: (value: Value) => boolean;
}

/** Something that keeps content until it ends, which may be never. */
export interface ContentHolder {
  forgetContent(): void;
}

/** Something whose entries expire. */
interface Memory {
  readonly size: number;
  expire(): void;
}

/**
 * What is known of the APIs' objects between the calls of the program, by kind, origin and id. Each kind has at most
 * `maxConversations` entries, the least recently used ones go first. All content together has a budget in bytes, beyond
 * which the oldest is forgotten.
 */
export class Store implements Expiring {
  readonly #limit: number;
  readonly #memories: Memory[] = [];
  readonly #timer = expiryTimer(this);
  readonly #bytesOf = new Map<ContentHolder, number>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Makes room for one kind of things. */
  shelf<Value>(options: ShelfOptions<Value> = {}): Shelf<Value> {
    const { evicted, lifetimeMs = LIFETIME_MS, isInUse } = options;
    const entries = new BoundedMap<string, Value>(this.#limit, evicted, lifetimeMs, isInUse);
    this.add(entries);
    return new Shelf(entries, this);
  }

  /** Lets something expire with the rest. */
  add(memory: Memory): void {
    this.#memories.push(memory);
  }

  get isEmpty(): boolean {
    return this.#memories.every(({ size }) => size === 0);
  }

  expire(): void {
    for (const memory of this.#memories) memory.expire();
  }

  /** Called when something was remembered: it expires also in a process that does nothing else. */
  expireLater(): void {
    if (!this.#timer.isAwake) this.#timer.wake(EXPIRE_INTERVAL_MS);
  }

  /** @param characters all that the holder keeps now */
  keeps(holder: ContentHolder, characters: number): void {
    const bytes = characters * BYTES_OF_CHARACTER;
    this.#bytes += bytes - (this.#bytesOf.get(holder) ?? 0);
    this.#bytesOf.set(holder, bytes);
    if (this.#bytes > MAX_OPEN_CONTENT) this.#forgetOldest(holder);
  }

  /** Called when the holder has ended, or its content was taken. */
  release(holder: ContentHolder): void {
    this.#bytes -= this.#bytesOf.get(holder) ?? 0;
    this.#bytesOf.delete(holder);
  }

  #forgetOldest(newest: ContentHolder): void {
    for (const holder of this.#bytesOf.keys()) {
      if (this.#bytes <= MAX_OPEN_CONTENT) return;
      if (holder === newest) continue;
      this.release(holder);
      holder.forgetContent();
      notice('content_dropped');
    }
  }
}

/** What is known of one kind of things. Servers choose ids, so the same one may stand for something else elsewhere. */
export class Shelf<Value> {
  readonly #entries: BoundedMap<string, Value>;
  readonly #store: Store;

  constructor(entries: BoundedMap<string, Value>, store: Store) {
    this.#entries = entries;
    this.#store = store;
  }

  get(origin: string, id: string | undefined): Value | undefined {
    return id === undefined ? undefined : this.#entries.get(keyAt(origin, id));
  }

  set(origin: string, id: string, value: Value): void {
    this.#entries.set(keyAt(origin, id), value);
    this.#store.expireLater();
  }

  delete(origin: string, id: string): void {
    this.#entries.delete(keyAt(origin, id));
  }
}

export function charactersOf(value: unknown, depth: number = MAX_PART_DEPTH): number {
  if (typeof value === 'string') return value.length;
  let length = CHARACTERS_OF_VALUE;
  if (typeof value !== 'object' || value === null || depth === 0) return length;
  if (Array.isArray(value)) for (const item of value) length += charactersOf(item, depth - 1);
  else for (const key in value) length += key.length + charactersOf(field(value, key), depth - 1);
  return length;
}

/** The key of an id at a server. No origin has a space in it. */
export function keyAt(origin: string, id: string): string {
  return `${origin} ${id}`;
}
