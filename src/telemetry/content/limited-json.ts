import { cut } from '../../util/cut-text.ts';
import { field, MAX_RECORDED_DEPTH } from '../../util/payload.ts';

const MAX_ITEMS = 1_000;
/** Marks an omitted part of a value. */
const OMITTED = '…';

/** Maps a value before it is written. One in an object has a key and a holder. */
type Shown = (value: unknown, key?: string, holder?: object) => unknown;

/**
 * Serialises values to JSON within a number of characters. It never serialises what does not fit, so its work is bounded
 * by the limit, not by the payload.
 */
export class LimitedJson {
  readonly #maxText: number;
  readonly #shown: Shown;
  #left: number;

  /**
   * @param maxText the limit for one text; a longer one is cut and ends in `…`
   * @param maxLength the limit for all JSON together
   * @param shown maps each value before it is written; by default to itself
   */
  constructor(maxText: number, maxLength: number, shown: Shown = itself) {
    this.#maxText = maxText;
    this.#left = maxLength;
    this.#shown = shown;
  }

  /** The number of characters that may still be written. */
  get left(): number {
    return this.#left;
  }

  /** Reserves characters that are written elsewhere. Returns `false`, and reserves nothing, if they do not fit. */
  spend(characters: number): boolean {
    if (characters > this.#left) return false;
    this.#left -= characters;
    return true;
  }

  /** Returns the value as JSON, or `undefined` if it does not fit; then nothing is spent. */
  write(value: unknown): string | undefined {
    const before = this.#left;
    const json = this.#value(value, MAX_RECORDED_DEPTH);
    if (json === undefined) this.#left = before;
    return json;
  }

  /** Returns a text as JSON, shortened if needed, or `undefined` if not even a few characters fit. */
  writeText(text: string): { readonly json: string; readonly cut: boolean } | undefined {
    for (let length = Math.min(this.#maxText, this.#left, text.length); ; length >>= 1) {
      const json = JSON.stringify(cut(text, length));
      if (this.spend(json.length)) return { json, cut: length < text.length };
      if (length === 0) return undefined;
    }
  }

  #value(given: unknown, depth: number, key?: string, holder?: object): string | undefined {
    const value = this.#shown(given, key, holder);
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'bigint') return this.#token(`"${value}"`);
    if (typeof value === 'number' || typeof value === 'boolean') return this.#token(JSON.stringify(value));
    if (typeof value !== 'object' || value === null) return this.#token('null');
    if (depth === 0) return this.#token(`"${OMITTED}"`);
    return Array.isArray(value) ? this.#array(value, depth) : this.#object(value, depth);
  }

  #token(json: string): string | undefined {
    return this.spend(json.length) ? json : undefined;
  }

  #text(text: string): string | undefined {
    const shown = text.length > this.#maxText ? cut(text, this.#maxText) + OMITTED : text;
    // JSON is never shorter than its text.
    return shown.length > this.#left ? undefined : this.#token(JSON.stringify(shown));
  }

  #array(values: readonly unknown[], depth: number): string | undefined {
    const written: string[] = [];
    for (let index = 0; index < values.length; index++) {
      const whole = index < MAX_ITEMS;
      const json = this.spend(1) ? this.#value(whole ? values[index] : OMITTED, depth - 1) : undefined;
      if (json === undefined) return undefined;
      written.push(json);
      if (!whole) break;
    }
    return this.spend(2) ? `[${written.join(',')}]` : undefined;
  }

  #object(value: object, depth: number): string | undefined {
    const written: string[] = [];
    for (const key in value) {
      const item = field(value, key);
      if (item === undefined || typeof item === 'function' || !Object.hasOwn(value, key)) continue;
      const whole = written.length < MAX_ITEMS;
      const name = this.#text(whole ? key : OMITTED);
      const json =
        name !== undefined && this.spend(2)
          ? this.#value(whole ? item : true, depth - 1, key, value)
          : undefined;
      if (json === undefined) return undefined;
      written.push(`${name}:${json}`);
      if (!whole) break;
    }
    return this.spend(2) ? `{${written.join(',')}}` : undefined;
  }
}

function itself(value: unknown): unknown {
  return value;
}
