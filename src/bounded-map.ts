import { monotonic } from './clock.ts';

interface Entry<Value> {
  readonly value: Value;
  used: number;
}

/**
 * A map that holds so many entries at most, and each for so long after it was used last: the one used least
 * recently gives way to a new one.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: (value: Value) => void;
  readonly #lifetime: number;
  /** The one used least recently first. */
  readonly #entries = new Map<Key, Entry<Value>>();

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
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, used: monotonic() });
    if (this.#entries.size > this.#limit) this.#dropOldest();
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  values(): Value[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Drops what has not been used for longer than the lifetime. */
  expire(): void {
    const last = monotonic() - this.#lifetime;
    for (const { used } of this.#entries.values()) {
      if (used > last) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const [oldest] = this.#entries;
    if (oldest === undefined) return;
    this.#entries.delete(oldest[0]);
    this.#evicted(oldest[1].value);
  }
}
