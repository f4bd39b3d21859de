import { monotonic } from './clock.ts';
import { MAX_REPEATED } from './payload.ts';

interface Entry<Value> {
  value: Value;
  used: number;
}

/** How many entries in use are passed over to make room for a new one. */
const MAX_TRIES = 16;

/**
 * A map with a limit and a lifetime: a new entry replaces the least recently used one. Entries that have not been used for
 * the lifetime are not found any more; a new entry or {@link expire} drops them.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: (value: Value) => void;
  readonly #lifetime: number;
  readonly #isInUse: (value: Value) => boolean;
  /** In order of use: the least recently used entry is the first. */
  readonly #entries = new Map<Key, Entry<Value>>();
  #newest: Entry<Value> | undefined;

  /**
   * @param lifetime milliseconds without use after which an entry is dropped
   * @param isInUse whether a value is used without being read from the map. Such a value outlives its lifetime, and
   *   goes only if there is little else to go
   */
  constructor(
    limit: number,
    evicted: (value: Value) => void = () => undefined,
    lifetime: number = Number.POSITIVE_INFINITY,
    isInUse: (value: Value) => boolean = () => false,
  ) {
    this.#limit = Math.max(1, limit);
    this.#evicted = evicted;
    this.#lifetime = lifetime;
    this.#isInUse = isInUse;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value. Reading it counts as use. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#lifetime !== Number.POSITIVE_INFINITY) {
      const time = monotonic();
      if (entry.used <= time - this.#lifetime && !this.#isInUse(entry.value)) {
        this.#drop(key, entry);
        return undefined;
      }
      entry.used = time;
    }
    if (entry !== this.#newest) this.#renew(key, entry);
    return entry.value;
  }

  set(key: Key, value: Value): void {
    const used = monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      known.used = used;
      this.#renew(key, known);
    }
    if (this.#lifetime !== Number.POSITIVE_INFINITY) this.expire(used);
    if (known !== undefined) return;
    if (this.#entries.size >= this.#limit) this.#makeRoom();
    this.#renew(key, { value, used });
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** Drops the least recently used entry. */
  dropOldest(): void {
    for (const [key, entry] of this.#entries) {
      this.#drop(key, entry);
      return;
    }
  }

  /** All values, least recently used first. */
  values(): Value[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Drops the entries that have not been used for the lifetime. */
  expire(time: number = monotonic()): void {
    for (const [key, entry] of this.#entries) {
      if (entry.used > time - this.#lifetime) return;
      if (this.#isInUse(entry.value)) {
        entry.used = time;
        this.#renew(key, entry);
      } else this.#drop(key, entry);
    }
  }

  /** Drops the oldest entry that is not in use, or one that is if the next few are, too. */
  #makeRoom(): void {
    let tries = 0;
    for (const [key, entry] of this.#entries) {
      if (tries === MAX_TRIES || !this.#isInUse(entry.value)) {
        this.#drop(key, entry);
        return;
      }
      tries++;
      this.#renew(key, entry);
    }
  }

  #drop(key: Key, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#evicted(entry.value);
  }

  /** Puts an entry behind all others, in a map that keeps the order in which entries were added. */
  #renew(key: Key, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#newest = entry;
  }
}

/** Drops the oldest of what a peer may never end. */
export function keepNewest<Key>(known: Map<Key, unknown> | Set<Key>): void {
  for (const oldest of known.keys()) {
    if (known.size <= MAX_REPEATED) return;
    known.delete(oldest);
  }
}
