import type { Context, Span } from '@opentelemetry/api';
import { isApiContext } from './otel-api.ts';
import { SPAN_KEY } from './span-key.ts';

/** The longest chain that a lookup walks. A longer one is copied into a single context. */
const MAX_LINKS = 8;

/**
 * A context that adds one value to another. The API's own contexts copy all their values for every one that is
 * added, which costs more than most of the work for a call.
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

  /**
   * Whether a context keeps all that it is in its values, as the API's does, of any copy of it, and ours. Those of other
   * packages, such as New Relic's, may have more: they set values themselves.
   */
  static accepts(context: Context): boolean {
    return isApiContext(context) || (context as { readonly isLinkable?: unknown }).isLinkable === true;
  }

  get isLinkable(): true {
    return true;
  }

  /** A context with the same values, to which `setValue` adds by linking. */
  static of(context: Context): Context {
    return context instanceof LinkedContext ? context : new LinkedContext(context, undefined, undefined);
  }

  /** `trace.setSpan` in one link. A context that sets values in a way of its own is left to do so. */
  static withSpan(context: Context, span: Span): Context {
    return isApiContext(context)
      ? new LinkedContext(context, SPAN_KEY, span)
      : context.setValue(SPAN_KEY, span);
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
    return this.#links < MAX_LINKS ? new LinkedContext(this, key, value) : this.#copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  #copy(): Context {
    const outer = this.#outer instanceof LinkedContext ? this.#outer.#copy() : this.#outer;
    return this.#key === undefined ? outer : outer.setValue(this.#key, this.#value);
  }
}
