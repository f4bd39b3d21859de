import { monotonic } from './clock.ts';
import { MAX_REPEATED } from './payload.ts';

interface Entry<Key, Value> {
  readonly key: Key;
  value: Value;
  used: number;
  /** Its neighbour in order of use, towards the oldest. */
  older: Entry<Key, Value> | undefined;
  /** Its neighbour in order of use, towards the newest. */
  newer: Entry<Key, Value> | undefined;
}

/** How many entries in use are passed over to make room for a new one. */
const MAX_TRIES = 16;

/**
 * A map with a limit and a lifetime: a new entry replaces the least recently used one. Entries that have not been used for
 * the lifetime are not found any more; a new entry or {@link expire} drops them.
 *
 * A linked list keeps the order of use. The insertion order of a `Map` would do, but finding its first entry slows down
 * with every deletion before it: by a factor of 15 at 10,000 entries.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: (value: Value) => void;
  readonly #lifetime: number;
  readonly #isInUse: (value: Value) => boolean;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  #oldest: Entry<Key, Value> | undefined;
  #newest: Entry<Key, Value> | undefined;

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
        this.#drop(entry);
        return undefined;
      }
      entry.used = time;
    }
    if (entry !== this.#newest) this.#renew(entry);
    return entry.value;
  }

  set(key: Key, value: Value): void {
    const used = monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      known.used = used;
      if (known !== this.#newest) this.#renew(known);
    }
    if ((this.#oldest?.used ?? used) <= used - this.#lifetime) this.expire(used);
    if (known === undefined) this.#add({ key, value, used, older: undefined, newer: undefined });
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#unlink(entry);
  }

  /** Drops the least recently used entry. */
  dropOldest(): void {
    if (this.#oldest !== undefined) this.#drop(this.#oldest);
  }

  /** All values, least recently used first. */
  values(): Value[] {
    const values: Value[] = [];
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) values.push(entry.value);
    return values;
  }

  clear(): void {
    this.#entries.clear();
    this.#oldest = this.#newest = undefined;
  }

  /** Drops the entries that have not been used for the lifetime. */
  expire(time: number = monotonic()): void {
    const last = time - this.#lifetime;
    for (let entry = this.#oldest; entry !== undefined && entry.used <= last; entry = this.#oldest) {
      if (this.#isInUse(entry.value)) {
        entry.used = time;
        this.#renew(entry);
      } else this.#drop(entry);
    }
  }

  /** Drops the oldest entry that is not in use, or the oldest one if the next few are in use, too. */
  #makeRoom(): void {
    const first = this.#oldest;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = this.#oldest;
      if (entry === undefined) return;
      if (!this.#isInUse(entry.value)) {
        this.#drop(entry);
        return;
      }
      this.#renew(entry);
    }
    if (first !== undefined) this.#drop(first);
  }

  #add(entry: Entry<Key, Value>): void {
    if (this.#entries.size >= this.#limit) this.#makeRoom();
    this.#entries.set(entry.key, entry);
    this.#append(entry);
  }

  #drop(entry: Entry<Key, Value>): void {
    this.delete(entry.key);
    this.#evicted(entry.value);
  }

  #renew(entry: Entry<Key, Value>): void {
    this.#unlink(entry);
    this.#append(entry);
  }

  #append(entry: Entry<Key, Value>): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink(entry: Entry<Key, Value>): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = entry.newer = undefined;
  }
}

/** Drops the oldest of what a peer may never end. */
export function keepNewest<Key>(known: Map<Key, unknown> | Set<Key>): void {
  for (const oldest of known.keys()) {
    if (known.size <= MAX_REPEATED) return;
    known.delete(oldest);
  }
}
