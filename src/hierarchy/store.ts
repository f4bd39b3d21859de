import { notice } from '../diagnostics/report.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { field, MAX_PART_DEPTH } from '../util/payload.ts';
import { type Expiring, expiryTimer } from '../util/sweep-timer.ts';

const EXPIRE_INTERVAL_MS = 60_000;
/** How long something is remembered after its last use. */
const LIFETIME_MS = 3_600_000;
/** For what waits for a person, for agents, which are read once in that time, and for totals and links of rare use. */
export const LONG_LIFETIME_MS = 86_400_000;
/** How much content all open operations together may keep, in bytes. */
const MAX_OPEN_CONTENT = 67_108_864;
/** V8 stores a character in at most two bytes. */
const BYTES_OF_CHARACTER = 2;
/** Counted for a number, or for an object without its fields. */
const CHARACTERS_OF_VALUE = 16;

interface ShelfOptions<Value> {
  readonly lifetimeMs?: number;
  /** @param key as of {@link keyAt} */
  readonly evicted?: (value: Value, key: string) => void;
  /** Whether a value is in use. It then outlives its lifetime, even if nothing looks it up. */
  readonly isInUse?: (value: Value) => boolean;
}

/** Keeps the content of an operation that may never end. The store can make it forget the content. */
export interface ContentHolder {
  forgetContent(): void;
}

type Memory = Pick<BoundedMap<string, unknown>, 'size' | 'expire'>;

/**
 * Remembers, between the program's calls, what belongs to API objects, by kind, origin and id. Each kind has
 * at most `maxConversations` entries, and as many paused ones; the least recently used are dropped first. All
 * kept content shares a budget in bytes. Beyond it, the oldest content is dropped.
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

  shelf<Value>(options: ShelfOptions<Value> = {}): Shelf<Value> {
    return new Shelf(this, this.#limit, { evicted: (old) => this.release(old as ContentHolder), ...options });
  }

  add(memory: Memory): void {
    this.#memories.push(memory);
  }

  get isEmpty(): boolean {
    return this.#memories.every(({ size }) => size === 0);
  }

  expire(): void {
    for (const memory of this.#memories) memory.expire();
  }

  /** Starts a timer after something was remembered, so that it expires even if no further call is made. */
  expireLater(): void {
    if (!this.#timer.isAwake) this.#timer.wake(EXPIRE_INTERVAL_MS);
  }

  /**
   * @param content what the holder keeps now
   * @param characters how many characters it keeps besides
   */
  keeps(holder: ContentHolder, content: unknown, characters: number = 0): void {
    const bytes = (charactersOf(content) + characters) * BYTES_OF_CHARACTER;
    this.#bytes += bytes - (this.#bytesOf.get(holder) ?? 0);
    this.#bytesOf.set(holder, bytes);
    if (this.#bytes > MAX_OPEN_CONTENT) this.#forgetOldest(holder);
  }

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

/** Objects of one kind, by origin and id. Servers choose the ids, so two servers may use the same id. */
export class Shelf<Value> {
  readonly #store: Store;
  readonly #entries: BoundedMap<string, Value>;
  readonly #paused: BoundedMap<string, Value>;

  constructor(store: Store, limit: number, options: ShelfOptions<Value>) {
    const { evicted, lifetimeMs = LIFETIME_MS, isInUse } = options;
    this.#store = store;
    this.#entries = new BoundedMap(limit, evicted, lifetimeMs, isInUse);
    this.#paused = new BoundedMap(limit, undefined, LONG_LIFETIME_MS);
    store.add(this.#entries);
    store.add(this.#paused);
  }

  get(origin: string, id: string | undefined): Value | undefined {
    if (id === undefined) return undefined;
    const key = keyAt(origin, id);
    return this.#entries.get(key) ?? this.#paused.get(key);
  }

  /**
   * @param isPaused whether the value was recorded before its end, so that a second span may continue it.
   *   Such values are remembered for a day, and have a limit of their own
   */
  set(origin: string, id: string, value: Value, isPaused = false): void {
    const key = keyAt(origin, id);
    (isPaused ? this.#entries : this.#paused).delete(key);
    (isPaused ? this.#paused : this.#entries).set(key, value);
    this.#store.expireLater();
  }

  delete(origin: string, id: string): void {
    const key = keyAt(origin, id);
    this.#entries.delete(key);
    this.#paused.delete(key);
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

/** The key is unambiguous, because no origin contains a space. */
export function keyAt(origin: string, id: string): string {
  return `${origin} ${id}`;
}
