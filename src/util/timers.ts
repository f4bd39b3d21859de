import { builtIn } from './built-in.ts';
import { NAME } from './version.ts';

type Timers = Pick<
  typeof globalThis,
  'clearInterval' | 'clearTimeout' | 'setImmediate' | 'setInterval' | 'setTimeout'
>;

/** Read at load, before a test of the program replaces them by fake timers, which it may count and run. */
const loaded: Timers = timersOf(globalThis);

/** The timers of the platform; `undefined` if fake ones were there first. Call them without an object. */
export function platformTimers(): Timers | undefined {
  return [loaded, globalThis].find(({ setTimeout }) => !isFake(setTimeout));
}

function timersOf({ clearInterval, clearTimeout, setImmediate, setInterval, setTimeout }: Timers): Timers {
  return { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };
}

/** Those of `@sinonjs/fake-timers`, which Jest and Vitest use, have their clock. Jest's legacy ones are mock functions. */
function isFake(timer: object): boolean {
  return 'clock' in timer || 'mock' in timer;
}

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
