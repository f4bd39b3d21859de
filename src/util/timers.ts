import { builtIn } from './built-in.ts';
import { NAME } from './version.ts';

type Timers = Pick<
  typeof globalThis,
  'clearInterval' | 'clearTimeout' | 'setImmediate' | 'setInterval' | 'setTimeout'
>;

/** The longest delay that timers accept: they treat a longer one as one millisecond. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

/** Read at load, because a test of the program may install fake timers later. It would count and run ours. */
const loaded: Timers = timersOf(globalThis);

/** The real timers, to be called without `this`; `undefined` if only fake ones can be found. */
export function platformTimers(): Timers | undefined {
  return [loaded, globalThis].find(({ setTimeout }) => !isFake(setTimeout));
}

function timersOf({ clearInterval, clearTimeout, setImmediate, setInterval, setTimeout }: Timers): Timers {
  return { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };
}

/** Fake timers of `@sinonjs/fake-timers`, for Jest and Vitest, have a `clock`, and Jest's legacy ones a `mock`. */
function isFake(timer: object): boolean {
  return 'clock' in timer || 'mock' in timer;
}

interface AsyncScope {
  runInAsyncScope<Result>(run: () => Result): Result;
}

/** Created at load, when no request is active, because it keeps the async context of its creation. */
const scope = detachedScope();

/**
 * Starts a timer outside of the current async context. Inside a request, the timer would retain everything
 * the program keeps for it in `AsyncLocalStorage`. It does not keep the process alive.
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
