interface AsyncHooks {
  readonly AsyncLocalStorage: { snapshot?(): <Result>(run: () => Result) => Result };
}

const outside: <Result>(run: () => Result) => Result = snapshot() ?? ((run) => run());

/**
 * Starts a timer that keeps no process alive, and runs outside of whatever the program has under way: one that is
 * started within a request would keep all that the program has in `AsyncLocalStorage` for it alive.
 */
export function startOutside<Timer>(start: () => Timer): Timer {
  const timer = outside(start);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** Without importing `node:async_hooks`, which not every runtime has. */
function snapshot(): typeof outside | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): AsyncHooks | undefined };
  };
  return process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage.snapshot?.();
}
