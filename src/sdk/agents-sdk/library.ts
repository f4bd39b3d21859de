import { guard } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { isObject } from '../reflect.ts';

/** The global symbol under which every copy of `@openai/agents-core` from 0.3.9 on keeps its trace provider. */
const TRACE_PROVIDER: symbol = Symbol.for('openai.agents.core.traceProvider');
/** The global symbol under which `@openai/agents-core` keeps its storage of the current trace. */
const STORAGE: symbol = Symbol.for('openai.agents.core.asyncLocalStorage');

type Globals = Record<symbol, unknown>;

/**
 * Calls the listener with the trace provider of `@openai/agents`, now or when it is made. A setter under the
 * global symbol waits for the provider, and then becomes a plain property.
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
  // Another copy of this package may have defined a setter before.
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

export type Run = (this: unknown, ...args: unknown[]) => unknown;

/** Where `@openai/agents` keeps the current trace: an `AsyncLocalStorage`, or the program's own storage. */
export interface TraceStorage {
  getStore(): unknown;
  run(store: unknown, run: Run, ...args: unknown[]): unknown;
}

export function isStorage(value: unknown): value is TraceStorage {
  return ['getStore', 'run'].every((name) => typeof field(value, name) === 'function');
}

export function globalStorage(): unknown {
  return (globalThis as Globals)[STORAGE];
}
