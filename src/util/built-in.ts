interface BuiltIns {
  async_hooks: typeof import('node:async_hooks');
  crypto: typeof import('node:crypto');
  diagnostics_channel: typeof import('node:diagnostics_channel');
  events: typeof import('node:events');
  fs: typeof import('node:fs');
  http: typeof import('node:http');
  https: typeof import('node:https');
  module: typeof import('node:module');
  net: typeof import('node:net');
  util: typeof import('node:util');
  worker_threads: typeof import('node:worker_threads');
  zlib: typeof import('node:zlib');
}

/** A built-in module of Node. It is looked up at run time, because an import would fail in runtimes that lack it. */
export function builtIn<Name extends keyof BuiltIns>(name: `node:${Name}`): BuiltIns[Name] | undefined {
  try {
    const { process } = globalThis;
    if (process.getBuiltinModule !== undefined) return process.getBuiltinModule(name) as BuiltIns[Name];
    // Node before 20.16 and 22.3 has no `getBuiltinModule`. In a bundle, `module` has no `require`. The
    // variable hides the call from bundlers, which would follow `module.require(…)`.
    const owner = typeof module === 'object' && 'require' in module ? module : process.mainModule;
    return owner?.require(name);
  } catch {
    return undefined;
  }
}

/** Whether this runs in a sandbox, such as Jest's: a built-in function is no instance of the sandbox's `Function`. */
export function isOfSandbox(builtin: unknown): boolean {
  return typeof builtin === 'function' && !(builtin instanceof Function);
}
