interface AsyncHooks {
  readonly AsyncLocalStorage: { snapshot?(): <Result>(run: () => Result) => Result };
}

/**
 * Runs a function outside of whatever the program has under way. A timer that is started within a request keeps
 * all that the program has in `AsyncLocalStorage` for it alive, and runs with it.
 */
export const outside: <Result>(run: () => Result) => Result = snapshot() ?? ((run) => run());

/** Without importing `node:async_hooks`, which not every runtime has. */
function snapshot(): typeof outside | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): AsyncHooks | undefined };
  };
  return process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage.snapshot?.();
}
