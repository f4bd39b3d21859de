import { type Context, context, createContextKey, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { logError } from './guard.ts';
import { isApiContext } from './otel-api.ts';

/** The active context; the root context if the program's context manager throws or returns no context. */
export function activeContext(): Context {
  try {
    const active: Context | undefined = context.active();
    return typeof active?.getValue === 'function' ? active : ROOT_CONTEXT;
  } catch (error) {
    logError('reading the active context', error);
    return ROOT_CONTEXT;
  }
}

/** The context manager may throw before the run or after it. */
interface ContextRun {
  readonly run: (...args: never[]) => unknown;
  readonly self: unknown;
  readonly args: readonly unknown[];
  state: 'new' | 'running' | 'returned';
  result: unknown;
}

const NO_ARGUMENTS: readonly unknown[] = [];

/** Runs a function once, without the context if the context manager fails. Throws what `run` throws. */
export function runIn<Result>(
  values: Context,
  run: (...args: never[]) => Result,
  self?: unknown,
  args: readonly unknown[] = NO_ARGUMENTS,
): Result {
  const entry: ContextRun = { run, self, args, state: 'new', result: undefined };
  try {
    // The entry holds `this`, because context managers would create another function to bind it.
    context.with(values, enter, undefined, entry);
  } catch (error) {
    if (entry.state === 'running') throw error;
    logError('entering a context', error);
  }
  if (entry.state === 'new') enter(entry);
  return entry.result as Result;
}

function enter(entry: ContextRun): void {
  // Without this, a context manager that calls the function late or twice would repeat the request.
  if (entry.state !== 'new') return;
  entry.state = 'running';
  entry.result = Reflect.apply(entry.run, entry.self, entry.args);
  entry.state = 'returned';
}

/** The key of `suppressTracing` in `@opentelemetry/core`. In every API 1.x, equal descriptions are equal keys. */
const SUPPRESS_TRACING: symbol = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Whether one of our own requests is being made. Unlike a value in the context, this needs no context manager. */
let makingOwnRequest = false;

export function isSuppressed(context: Context): boolean {
  return makingOwnRequest || context.getValue(SUPPRESS_TRACING) === true;
}

export function suppressed(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true);
}

export function makeSuppressed<Result>(make: () => Result): Result {
  const outer = makingOwnRequest;
  makingOwnRequest = true;
  try {
    return runIn(suppressed(activeContext()), make);
  } finally {
    makingOwnRequest = outer;
  }
}

/** The key of the active span, which the API does not export. */
export const SPAN_KEY: symbol = createContextKey('OpenTelemetry Context Key SPAN');

/** The longest chain that a lookup walks. A longer one is copied into a single context. */
const MAX_LINKS = 8;

/** A context that adds one value to another. The API's contexts would copy all values, which is slow. */
export class LinkedContext implements Context {
  #outer: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  private constructor(outer: Context, key: symbol, value: unknown) {
    this.#outer = outer;
    this.#key = key;
    this.#value = value;
  }

  /**
   * Whether a context has no state other than its values, so that it can be linked: ours, also of other copies of this
   * package, and those of any copy of the API. Contexts of other packages, such as New Relic's, may have more state.
   */
  get isLinkable(): true {
    return true;
  }

  /** Replaces all values but the one that this link adds. */
  moveBelow(outer: Context): void {
    this.#outer = outer;
  }

  /** A context with one more value. A context that has more state than its values adds the value itself. */
  static add(context: Context, key: symbol, value: unknown): Context {
    return isApiContext(context) || (context as { readonly isLinkable?: unknown }).isLinkable === true
      ? new LinkedContext(context, key, value)
      : context.setValue(key, value);
  }

  /** Does what `trace.setSpan` does, but with one link. A context of another package uses its own `setValue`. */
  static withSpan(context: Context, span: Span): Context {
    return isApiContext(context)
      ? new LinkedContext(context, SPAN_KEY, span)
      : context.setValue(SPAN_KEY, span);
  }

  /** A context with the same values and without links. */
  static copy(context: Context): Context {
    return context instanceof LinkedContext ? context.#copy() : context;
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
    let links = 0;
    for (let context: Context = this; context instanceof LinkedContext; context = context.#outer) links++;
    return links < MAX_LINKS ? new LinkedContext(this, key, value) : this.#copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  #copy(): Context {
    return LinkedContext.copy(this.#outer).setValue(this.#key, this.#value);
  }
}
