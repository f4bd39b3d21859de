import type { Context } from '@opentelemetry/api';

/** Links that a value is looked for in, at most; a context below that many is a copy of them all. */
const MOST_LINKS = 8;

/**
 * A context with one value more than another. The API's own contexts copy all values for each that is added, which
 * costs more than most of what is done for a call.
 */
export class LinkedContext implements Context {
  readonly #outer: Context;
  readonly #key: symbol | undefined;
  readonly #value: unknown;
  readonly #links: number;

  private constructor(outer: Context, key: symbol | undefined, value: unknown) {
    this.#outer = outer;
    this.#key = key;
    this.#value = value;
    this.#links = outer instanceof LinkedContext ? outer.#links + 1 : 1;
  }

  /** A context with the same values, of which others are made by linking. */
  static of(context: Context): Context {
    return context instanceof LinkedContext ? context : new LinkedContext(context, undefined, undefined);
  }

  getValue(key: symbol): unknown {
    let context: Context = this;
    while (context instanceof LinkedContext) {
      if (context.#key === key) return context.#value;
      context = context.#outer;
    }
    return context.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#links < MOST_LINKS ? new LinkedContext(this, key, value) : this.#copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  #copy(): Context {
    const outer = this.#outer instanceof LinkedContext ? this.#outer.#copy() : this.#outer;
    return this.#key === undefined ? outer : outer.setValue(this.#key, this.#value);
  }
}
