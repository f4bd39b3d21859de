import { NAME } from './version.ts';

interface AsyncScope {
  runInAsyncScope<Result>(run: () => Result): Result;
}
interface AsyncHooks {
  readonly AsyncResource: new (type: string) => AsyncScope;
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

/** Found without an import: not every runtime has `node:async_hooks`. */
function detachedScope(): AsyncScope | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): AsyncHooks | undefined };
  };
  const { AsyncResource } = process?.getBuiltinModule?.('node:async_hooks') ?? {};
  if (AsyncResource === undefined) return undefined;
  class DetachedScope extends AsyncResource {
    /** Jest reports resources without it as open handles. */
    hasRef(): boolean {
      return false;
    }
  }
  return new DetachedScope(NAME);
}
