import { monotonic } from './clock.ts';

interface Entry<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  used: number;
  /** Its neighbour in order of use, towards the oldest. */
  older: Entry<Key, Value> | undefined;
  /** Its neighbour in order of use, towards the newest. */
  newer: Entry<Key, Value> | undefined;
}

/**
 * A map with a limit and a lifetime: a new entry replaces the least recently used one, and {@link expire} drops entries
 * that have not been used for the lifetime.
 *
 * A linked list keeps the order of use. The insertion order of a `Map` would do, but finding its first entry slows down
 * with every deletion before it: by a factor of 15 at 10,000 entries.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: (value: Value) => void;
  readonly #lifetime: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  #oldest: Entry<Key, Value> | undefined;
  #newest: Entry<Key, Value> | undefined;

  /** @param lifetime milliseconds without use after which {@link expire} drops an entry */
  constructor(
    limit: number,
    evicted: (value: Value) => void = () => undefined,
    lifetime: number = Number.POSITIVE_INFINITY,
  ) {
    this.#limit = Math.max(1, limit);
    this.#evicted = evicted;
    this.#lifetime = lifetime;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value. Reading it counts as use. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#lifetime !== Number.POSITIVE_INFINITY) entry.used = monotonic();
    if (entry !== this.#newest) {
      this.#unlink(entry);
      this.#append(entry);
    }
    return entry.value;
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    const entry = { key, value, used: monotonic(), older: undefined, newer: undefined };
    this.#entries.set(key, entry);
    this.#append(entry);
    if (this.#entries.size > this.#limit && this.#oldest !== undefined) this.#drop(this.#oldest);
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#unlink(entry);
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
  expire(): void {
    const last = monotonic() - this.#lifetime;
    while (this.#oldest !== undefined && this.#oldest.used <= last) this.#drop(this.#oldest);
  }

  #drop(entry: Entry<Key, Value>): void {
    this.delete(entry.key);
    this.#evicted(entry.value);
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
