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
