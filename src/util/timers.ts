import { builtIn } from './built-in.ts';
import { NAME } from './version.ts';

type Timers = Pick<
  typeof globalThis,
  'clearInterval' | 'clearTimeout' | 'setImmediate' | 'setInterval' | 'setTimeout'
>;

/** Read at load, before a test of the user's program installs fake timers. The test may count and run those. */
const loaded: Timers = timersOf(globalThis);

/**
 * The real timers; `undefined` if fake timers were installed before this package was loaded. Call them without `this`.
 */
export function platformTimers(): Timers | undefined {
  return [loaded, globalThis].find(({ setTimeout }) => !isFake(setTimeout));
}

function timersOf({ clearInterval, clearTimeout, setImmediate, setInterval, setTimeout }: Timers): Timers {
  return { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };
}

/**
 * The timers of `@sinonjs/fake-timers`, which Jest and Vitest use, have a `clock`. Jest's legacy timers have a `mock`.
 */
function isFake(timer: object): boolean {
  return 'clock' in timer || 'mock' in timer;
}

interface AsyncScope {
  runInAsyncScope<Result>(run: () => Result): Result;
}

/** Created at load, when no request is active: it keeps the async context in which it is created. */
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
    /** Without this method, Jest would report an open handle. */
    hasRef(): boolean {
      return false;
    }
  }
  return new DetachedScope(NAME);
}
