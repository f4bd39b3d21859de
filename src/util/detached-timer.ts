interface AsyncHooks {
  readonly AsyncLocalStorage: { snapshot?(): <Result>(run: () => Result) => Result };
}

const runDetached: <Result>(run: () => Result) => Result = snapshot() ?? ((run) => run());

/**
 * Starts a timer that does not keep the process alive and does not inherit the current async context. A timer that
 * starts inside a request would otherwise retain everything the program keeps for it in `AsyncLocalStorage`.
 */
export function startOutside<Timer>(start: () => Timer): Timer {
  const timer = runDetached(start);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** Found without an import: not every runtime has `node:async_hooks`. */
function snapshot(): typeof runDetached | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): AsyncHooks | undefined };
  };
  return process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage.snapshot?.();
}
