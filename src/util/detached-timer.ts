import { builtIn } from './built-in.ts';
import { NAME } from './version.ts';

interface AsyncScope {
  runInAsyncScope<Result>(run: () => Result): Result;
}

/** Made at load: later, the context of a request may be active. */
const scope = detachedScope();

/**
 * Starts a timer that does not keep the process alive and does not inherit the current async context. A timer that
 * starts inside a request would otherwise retain everything the program keeps for it in `AsyncLocalStorage`.
 */
export function startOutside<Timer>(start: () => Timer): Timer {
  const timer = scope === undefined ? start() : scope.runInAsyncScope(start);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

function detachedScope(): AsyncScope | undefined {
  const { AsyncResource } = builtIn('node:async_hooks') ?? {};
  if (AsyncResource === undefined) return undefined;
  class DetachedScope extends AsyncResource {
    /** Jest reports resources without it as open handles. */
    hasRef(): boolean {
      return false;
    }
  }
  return new DetachedScope(NAME);
}
