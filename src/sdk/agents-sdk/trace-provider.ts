import { guard } from '../../util/guard.ts';
import { isObject } from '../reflect.ts';

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
