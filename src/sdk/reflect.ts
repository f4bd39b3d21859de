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

export interface PrivateSlot<Value> {
  get(holder: unknown): Value | undefined;
  set(holder: object, value: Value): void;
}

/** The private fields of a derived class are added to whatever object the base constructor returns. */
class ReturnsHolder {
  constructor(holder: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what adds the field to the holder
    return holder;
  }
}

/**
 * Adds a private field to objects of the SDK. Like an entry of a `WeakMap`, it is invisible and lives as long as the
 * object, but it costs the garbage collector nothing. Engines may refuse to add a field to a frozen object, so frozen
 * objects get none.
 *
 * @see https://syg.github.io/proposal-nonextensible-applies-to-private
 */
export function privateSlot<Value extends object>(): PrivateSlot<Value> {
  class Holder extends ReturnsHolder {
    #value: Value | undefined;
    static get(holder: unknown): Value | undefined {
      const mayHold = (typeof holder === 'object' && holder !== null) || typeof holder === 'function';
      return mayHold && #value in holder ? holder.#value : undefined;
    }
    static set(holder: object, value: Value): void {
      if (#value in holder) holder.#value = value;
      else if (Object.isExtensible(holder)) (new Holder(holder) as Holder).#value = value;
    }
  }
  return Holder;
}
