type PatchableMethod = (...args: never[]) => unknown;

/** Sets a method on an object. Like a class method, it is not enumerable, unless the method that it replaces was. */
export function setMethod(holder: object, name: string, method: PatchableMethod): void {
  const enumerable = Object.getOwnPropertyDescriptor(holder, name)?.enumerable ?? false;
  Object.defineProperty(holder, name, { value: method, configurable: true, writable: true, enumerable });
}

/**
 * Replaces a method on an object, whether the object owns it or inherits it.
 *
 * @returns a function that restores the object. It returns `false` and changes nothing if the method has
 * since been wrapped or frozen
 */
export function patchMethod(holder: object, name: string, wrapper: PatchableMethod): () => boolean {
  const original = Object.getOwnPropertyDescriptor(holder, name);
  setMethod(holder, name, wrapper);
  return () => {
    const current = Object.getOwnPropertyDescriptor(holder, name);
    if (current?.value !== wrapper || current.configurable !== true) return false;
    if (original === undefined) delete (holder as Record<string, unknown>)[name];
    else Object.defineProperty(holder, name, original);
    return true;
  };
}

/** Gives a wrapper the name and length of the function that it wraps: a program may print or check them. */
export function copyFunctionProperties(from: CallableFunction, to: CallableFunction): void {
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(to, property, { value: from[property], configurable: true });
  }
}
