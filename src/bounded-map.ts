/** A map that holds so many entries at most: the one used least recently gives way to a new one. */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #evicted: (value: Value) => void;
  readonly #entries = new Map<Key, Value>();

  constructor(limit: number, evicted: (value: Value) => void = () => undefined) {
    this.#limit = Math.max(1, limit);
    this.#evicted = evicted;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries;
    if (oldest === undefined) return;
    this.#entries.delete(oldest[0]);
    this.#evicted(oldest[1]);
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  values(): Value[] {
    return [...this.#entries.values()];
  }

  clear(): void {
    this.#entries.clear();
  }
}
