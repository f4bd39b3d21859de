import { runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { isObject } from '../reflect.ts';
import type { AgentsContext } from './agents-context.ts';

/** Where every copy of `@openai/agents-core` from 0.3.9 on has its trace provider. */
const TRACE_PROVIDER: symbol = Symbol.for('openai.agents.core.traceProvider');

type Globals = Record<symbol, unknown>;

/**
 * Calls the listener with the trace provider of `@openai/agents`: at once if the library has made it, else when it does.
 * The library is not imported. An accessor stands under its symbol until then, and a plain property afterwards.
 *
 * @returns stops listening
 */
export function onTraceProvider(listener: (provider: object) => void): () => void {
  const made = (globalThis as Globals)[TRACE_PROVIDER];
  if (isObject(made)) {
    listener(made);
    return () => undefined;
  }
  let listening = true;
  // Another copy of this package may listen, too.
  const earlier = Object.getOwnPropertyDescriptor(globalThis, TRACE_PROVIDER);
  const set = (provider: unknown): void => {
    Object.defineProperty(globalThis, TRACE_PROVIDER, {
      value: provider,
      writable: true,
      configurable: true,
    });
    earlier?.set?.call(globalThis, provider);
    if (listening && isObject(provider)) guard('listening to @openai/agents', listener, provider);
  };
  Object.defineProperty(globalThis, TRACE_PROVIDER, { get: () => undefined, set, configurable: true });
  return () => {
    listening = false;
    if (Object.getOwnPropertyDescriptor(globalThis, TRACE_PROVIDER)?.set !== set) return;
    if (earlier === undefined) delete (globalThis as Globals)[TRACE_PROVIDER];
    else Object.defineProperty(globalThis, TRACE_PROVIDER, earlier);
  };
}

/** Where every copy of `@openai/agents-core` from 0.3.9 on has its storage of current traces and spans. */
const STORAGE: symbol = Symbol.for('openai.agents.core.asyncLocalStorage');

export type Run = (this: unknown, ...args: unknown[]) => unknown;

/** The library's storage. A program may set one of its own. */
interface TraceStorage {
  getStore(): unknown;
  run(store: unknown, run: Run, ...args: unknown[]): unknown;
  enterWith(store: unknown): void;
}

/** A trace, or a copy of the library's current trace and span, that something is about to run with. */
export interface Entered {
  readonly within: AgentsContext;
  /** Follows what the function returns. The program gets the promise that this returns instead. */
  readonly watch: ((result: Promise<unknown>) => Promise<unknown>) | undefined;
}

/** Is told what the library runs with a store of its own. */
export interface TraceRuns {
  entering(store: unknown): Entered;
}

/** The library's storage, with OpenTelemetry's context beside it. */
export class HeardStorage implements TraceStorage {
  readonly original: TraceStorage;
  readonly #runs: TraceRuns;

  constructor(original: TraceStorage, runs: TraceRuns) {
    this.original = original;
    this.#runs = runs;
  }

  getStore(): unknown {
    return this.original.getStore();
  }

  enterWith(store: unknown): void {
    this.original.enterWith(store);
  }

  run(store: unknown, run: Run, ...args: unknown[]): unknown {
    const entered = guard('entering an agents trace', () => this.#runs.entering(store));
    if (entered === undefined) return this.original.run(store, run, ...args);
    const { within, watch } = entered;
    const result = this.original.run(store, () => runIn(within, run, undefined, args));
    if (watch === undefined || !(result instanceof Promise)) return result;
    // Nothing else may be attached to a promise of the program: an unhandled rejection would not be reported,
    // and a stack would end here.
    return guard('observing an agents run', watch, result) ?? result;
  }
}

export function isStorage(value: unknown): value is TraceStorage {
  return (
    isObject(value) &&
    ['getStore', 'run', 'enterWith'].every((name) => typeof field(value, name) === 'function')
  );
}

export function setStorage(value: TraceStorage): void {
  Object.defineProperty(globalThis, STORAGE, { value, writable: true, configurable: true });
}

export function globalStorage(): unknown {
  return (globalThis as Record<symbol, unknown>)[STORAGE];
}
