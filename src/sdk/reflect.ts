export type Method = (this: object, ...args: unknown[]) => unknown;

/** Holds one method. Unlike a function, a method has no `prototype`, as the SDK's methods have none. */
export type MethodHolder = Readonly<Record<string, Method>>;

export function methodOf(holder: MethodHolder): Method {
  return Object.values(holder)[0] as Method;
}

/** Unlike `typeof`, counts classes and functions as objects. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function propertyOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (holder, key) => (isObject(holder) ? (holder as Record<string, unknown>)[key] : undefined),
    value,
  );
}

/** The object and its prototype chain. */
export function* prototypesOf(object: unknown): Generator<object> {
  for (let holder = object; isObject(holder); holder = Object.getPrototypeOf(holder)) yield holder;
}

/** The first object on the prototype chain that owns the method. */
export function holderOf(object: unknown, name: string): object | undefined {
  for (const holder of prototypesOf(object)) if (Object.hasOwn(holder, name)) return holder;
  return undefined;
}

/** The last object on the prototype chain that owns the method. */
export function ownerOf(object: unknown, name: string): object | undefined {
  return [...prototypesOf(object)].findLast((holder) => Object.hasOwn(holder, name));
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

type Inspect = (value: unknown, options: object) => string;

/** Makes a method look like the SDK's function that it replaces: it has the same class, properties and printed form. */
export function resemble<Replacement extends object>(
  original: object,
  replacement: Replacement,
): Replacement {
  Object.setPrototypeOf(replacement, Object.getPrototypeOf(original));
  return Object.defineProperties(replacement, {
    ...Object.getOwnPropertyDescriptors(original),
    // A proxy would need none of this, but Node 26 prints proxies differently.
    [INSPECT]: { value: (_depth: number, options: object, inspect: Inspect) => inspect(original, options) },
  });
}
