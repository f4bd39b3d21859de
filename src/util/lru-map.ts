import { monotonic } from './clock.ts';

interface Entry<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  used: number;
  /** The one that was used just before it. */
  older: Entry<Key, Value> | undefined;
  /** The one that was used just after it. */
  newer: Entry<Key, Value> | undefined;
}

/**
 * A map that holds so many entries at most, and each for so long after it was used last: the one used least
 * recently gives way to a new one.
 *
 * The entries are linked in the order of their use. The order of a `Map` would do, but finding its first entry
 * takes longer the more were deleted before it: 15 times as long with 10,000 entries.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: (value: Value) => void;
  readonly #lifetime: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  #oldest: Entry<Key, Value> | undefined;
  #newest: Entry<Key, Value> | undefined;

  /** @param lifetime milliseconds after which {@link expire} drops what nobody has used */
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

  /** The value, which counts as used. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.used = monotonic();
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

  /** The one used least recently first. */
  values(): Value[] {
    const values: Value[] = [];
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) values.push(entry.value);
    return values;
  }

  clear(): void {
    this.#entries.clear();
    this.#oldest = this.#newest = undefined;
  }

  /** Drops what has not been used for longer than the lifetime. */
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
