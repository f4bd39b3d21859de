import { field } from '../../util/payload.ts';

const MAX_DEPTH = 12;
const MAX_ITEMS = 1_000;
/** Stands where something of a value was left out. */
const OMITTED = '…';

/**
 * Writes values as JSON within a number of characters. What does not fit is not serialised at all, so that
 * the work is bounded by the limit and not by the payload.
 */
export class LimitedJson {
  readonly #maxText: number;
  readonly #shown: (value: unknown) => unknown;
  #left: number;

  /**
   * @param maxText most characters of one text; a longer one is cut and ends in `…`
   * @param maxLength most characters of all JSON that is written
   * @param shown what is written for a value, wherever it stands: by default the value itself
   */
  constructor(maxText: number, maxLength: number, shown: (value: unknown) => unknown = itself) {
    this.#maxText = maxText;
    this.#left = maxLength;
    this.#shown = shown;
  }

  /** How many characters may still be written. */
  get left(): number {
    return this.#left;
  }

  /** Takes characters that are written elsewhere off the limit; `false`, and nothing taken, where they do not fit. */
  spend(characters: number): boolean {
    if (characters > this.#left) return false;
    this.#left -= characters;
    return true;
  }

  /** The value as JSON; `undefined`, and nothing spent, where it does not fit. */
  write(value: unknown): string | undefined {
    const before = this.#left;
    const json = this.#value(value, MAX_DEPTH);
    if (json === undefined) this.#left = before;
    return json;
  }

  /** A text as JSON, shorter where that makes it fit; `undefined` where not even a few characters would. */
  writeText(text: string): { readonly json: string; readonly cut: boolean } | undefined {
    for (let length = Math.min(this.#maxText, this.#left, text.length); ; length >>= 1) {
      const json = JSON.stringify(cut(text, length));
      if (this.spend(json.length)) return { json, cut: length < text.length };
      if (length === 0) return undefined;
    }
  }

  #value(given: unknown, depth: number): string | undefined {
    const value = this.#shown(given);
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
    // No JSON is shorter than its text.
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
        name !== undefined && this.spend(2) ? this.#value(whole ? item : true, depth - 1) : undefined;
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

/** The first characters of a text, never ending between the halves of a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
