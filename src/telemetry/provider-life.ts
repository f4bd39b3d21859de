import { guardAsync } from '../guard.ts';

/** What is done when a tracer provider is about to flush or to shut down. */
export interface ProviderListener {
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

type Method = (this: object, ...args: unknown[]) => unknown;
const EVENTS = { forceFlush: 'flush', shutdown: 'shutdown' } as const;

/**
 * Lets the listener finish its work before the provider flushes or shuts down: nothing in OpenTelemetry tells
 * an instrumentation of either. Wraps the two methods on the provider object, not on its class.
 *
 * @returns puts them back, where they are still ours
 */
export function beforeProviderEnds(provider: object, listener: ProviderListener): () => void {
  const methods = provider as Record<string, unknown>;
  const undo = Object.entries(EVENTS).map(([name, event]) => {
    const original = methods[name];
    if (typeof original !== 'function') return () => undefined;
    const owned = Object.hasOwn(methods, name);
    let listening = true;
    const wrapper: Method = function (...args) {
      if (!listening) return (original as Method).apply(this, args);
      return guardAsync(`finishing before ${name}`, () => listener[event]()).then(() =>
        (original as Method).apply(this, args),
      );
    };
    methods[name] = wrapper;
    return () => {
      listening = false;
      if (methods[name] !== wrapper) return;
      if (owned) methods[name] = original;
      else delete methods[name];
    };
  });
  return () => {
    for (const restore of undo) restore();
  };
}
