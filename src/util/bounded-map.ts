import { MAX_REPEATED } from './payload.ts';
import { platform } from './platform.ts';

interface Entry<Key, Value> {
  readonly key: Key;
  value: Value;
  used: number;
  /** The neighbouring entries, in order of use. */
  older: Entry<Key, Value>;
  newer: Entry<Key, Value>;
}

/** How many entries in use are skipped in search of one that can be dropped. */
const MAX_TRIES = 16;

/**
 * A map with a limit and a lifetime. In a full map, a new entry replaces the least recently used one. An
 * entry that has not been used for the lifetime is no longer found; a new entry or {@link expire} drops it.
 *
 * A ring of entries keeps the order of use. In a `Map`, finding the first entry takes longer with every
 * deletion before it: more than ten times as long at 10,000 entries.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: ((value: Value, key: Key) => void) | undefined;
  readonly #lifetime: number;
  readonly #isInUse: ((value: Value) => boolean) | undefined;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  /** Closes the ring: an entry without a value between the newest and the oldest entry. */
  readonly #end: Entry<Key, Value>;

  /**
   * @param lifetime milliseconds without use after which an entry is dropped
   * @param isInUse whether a value is used without being read from the map. Such a value outlives its lifetime. It is
   *   dropped only if the map is full and the next oldest values are in use, too
   */
  constructor(
    limit: number,
    evicted?: (value: Value, key: Key) => void,
    lifetime: number = Number.POSITIVE_INFINITY,
    isInUse?: (value: Value) => boolean,
  ) {
    this.#limit = Math.max(1, limit);
    this.#evicted = evicted;
    this.#lifetime = lifetime;
    this.#isInUse = isInUse;
    const end = { key: undefined, value: undefined, used: Number.POSITIVE_INFINITY };
    this.#end = Object.assign(end, { older: end, newer: end }) as unknown as Entry<Key, Value>;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reading a value counts as use. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#lifetime !== Number.POSITIVE_INFINITY) {
      const time = platform.performance.now();
      if (entry.used <= time - this.#lifetime && !this.#isInUse?.(entry.value)) {
        this.#drop(entry);
        return undefined;
      }
      entry.used = time;
    }
    this.#renew(entry);
    return entry.value;
  }

  set(key: Key, value: Value): void {
    const used = platform.performance.now();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      known.used = used;
      this.#renew(known);
    }
    if (this.#end.newer.used <= used - this.#lifetime) this.expire(used);
    if (known !== undefined) return;
    if (this.#entries.size >= this.#limit) {
      if (this.#isInUse !== undefined) this.#renewUsed(this.#isInUse);
      this.#drop(this.#end.newer);
    }
    const { older } = this.#end;
    const entry = { key, value, used, older, newer: this.#end };
    this.#entries.set(key, entry);
    older.newer = entry;
    this.#end.older = entry;
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    unlink(entry);
  }

  /** The least recently used come first. */
  values(): Value[] {
    const values: Value[] = [];
    for (let entry = this.#end.newer; entry !== this.#end; entry = entry.newer) values.push(entry.value);
    return values;
  }

  expire(time: number = platform.performance.now()): void {
    const last = time - this.#lifetime;
    for (let entry = this.#end.newer; entry !== this.#end && entry.used <= last; entry = this.#end.newer) {
      if (this.#isInUse?.(entry.value)) {
        entry.used = time;
        this.#renew(entry);
      } else this.#drop(entry);
    }
  }

  /** Makes an entry that is not in use the oldest one, unless the {@link MAX_TRIES} oldest are all in use. */
  #renewUsed(isInUse: (value: Value) => boolean): void {
    for (let tries = 0; tries < MAX_TRIES && isInUse(this.#end.newer.value); tries++)
      this.#renew(this.#end.newer);
  }

  #drop({ key, value, older, newer }: Entry<Key, Value>): void {
    this.#entries.delete(key);
    older.newer = newer;
    newer.older = older;
    this.#evicted?.(value, key);
  }

  #renew(entry: Entry<Key, Value>): void {
    const end = this.#end;
    if (entry === end.older) return;
    unlink(entry);
    entry.older = end.older;
    entry.newer = end;
    end.older.newer = entry;
    end.older = entry;
  }
}

function unlink<Key, Value>({ older, newer }: Entry<Key, Value>): void {
  older.newer = newer;
  newer.older = older;
}

/** Drops the oldest entries beyond {@link MAX_REPEATED}, for maps whose entries may never be removed. */
export function keepNewest<Key>(known: Map<Key, unknown> | Set<Key>): void {
  for (const oldest of known.keys()) {
    if (known.size <= MAX_REPEATED) return;
    known.delete(oldest);
  }
}
