interface BuiltIns {
  async_hooks: typeof import('node:async_hooks');
  crypto: typeof import('node:crypto');
  diagnostics_channel: typeof import('node:diagnostics_channel');
  http: typeof import('node:http');
  module: typeof import('node:module');
  net: typeof import('node:net');
  util: typeof import('node:util');
}

/** A module of Node, found without an import: not every runtime has it. */
export function builtIn<Name extends keyof BuiltIns>(name: `node:${Name}`): BuiltIns[Name] | undefined {
  try {
    const { process } = globalThis;
    if (process.getBuiltinModule !== undefined) return process.getBuiltinModule(name) as BuiltIns[Name];
    // Node before 20.16 and 22.3. The `module` of a bundle has no `require`. Bundlers would follow `module.require(…)`.
    const owner = typeof module === 'object' && 'require' in module ? module : process.mainModule;
    return owner?.require(name);
  } catch {
    return undefined;
  }
}

/** Whether this code runs in a sandbox that got the function from outside, as in Jest: it has a `Function` of its own. */
export function isOfSandbox(builtin: unknown): boolean {
  return typeof builtin === 'function' && !(builtin instanceof Function);
}
