import { NAME } from './version.ts';

interface Definition<Value extends object> {
  readonly name: string;
  /**
   * The version of the value's shape. Copies that know different shapes do not meet. For a value with methods that
   * every release may change, it is the version of the package.
   */
  readonly shape: string | number;
  /** Whether this copy can use the existing value. May throw, which means no. */
  accepts(value: unknown): boolean;
  create(): Value;
}

/**
 * A value that all copies of this package in the process share, under a symbol on `globalThis`: two copies may be
 * installed, or one may be bundled. Anyone can write there. A value of another shape is left alone and reported, and
 * this copy then has a value of its own. Reading it never throws.
 */
export class ProcessWide<Value extends object> {
  readonly #definition: Definition<Value>;
  #key: string;
  #value: Value | undefined;

  constructor(definition: Definition<Value>) {
    this.#definition = definition;
    this.#key = `${NAME}/${definition.name}@${definition.shape}`;
  }

  get value(): Value {
    return this.#value ?? this.#share();
  }

  /** The description of the symbol under which `globalThis` has the value. */
  get key(): string {
    this.#value ?? this.#share();
    return this.#key;
  }

  #share(): Value {
    const key = this.#key;
    const found = read(key);
    if (found !== undefined && this.#accepts(found)) {
      this.#value = found as Value;
      return this.#value;
    }
    const created = this.#definition.create();
    this.#value = created;
    if (found === undefined && defineGlobal(key, created)) return created;
    this.#key = `${key}#${Math.random().toString(36).slice(2)}`;
    defineGlobal(this.#key, created);
    reportTaken(key);
    return created;
  }

  #accepts(value: unknown): boolean {
    try {
      return this.#definition.accepts(value);
    } catch {
      return false;
    }
  }
}

/** Marks a getter that threw: a foreign value. */
const UNREADABLE = null;

function read(key: string): unknown {
  try {
    return (globalThis as Readonly<Record<symbol, unknown>>)[Symbol.for(key)];
  } catch {
    return UNREADABLE;
  }
}

/** For good, so that copies loaded later find the same. */
function defineGlobal(key: string, value: object): boolean {
  try {
    Object.defineProperty(globalThis, Symbol.for(key), { value });
    return true;
  } catch {
    return false;
  }
}

const taken: string[] = [];
let listener: (key: string) => void = () => undefined;

function reportTaken(key: string): void {
  taken.push(key);
  listener(key);
}

/** Calls the listener with each key that holds a foreign value, including those found before. */
export function onKeyTaken(hear: (key: string) => void): void {
  listener = hear;
  for (const key of taken) hear(key);
}

/** `Map`, `Set` or `WeakMap`. */
interface CollectionClass<Value extends object> {
  readonly prototype: { has(key: unknown): boolean };
  new (): Value;
}

/** A plain collection that all copies share. */
export function processWideCollection<Value extends object>(
  kind: CollectionClass<Value>,
  name: string,
  shape: string | number,
): ProcessWide<Value> {
  return new ProcessWide({
    name,
    shape,
    accepts: (value) => isCollection(kind, value),
    create: () => new kind(),
  });
}

/** Whether a value is a plain collection of a kind: no subclass, no methods of its own, no proxy. */
export function isCollection(kind: CollectionClass<object>, value: unknown): boolean {
  // The built-in method throws for proxies and for objects that only look like a collection.
  kind.prototype.has.call(value as never, kind);
  return Object.getPrototypeOf(value) === kind.prototype && Reflect.ownKeys(value as object).length === 0;
}

/** Whether a value has properties of these names that can be changed: none is frozen, none an accessor. */
export function hasWritable(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => {
    if (Object.getOwnPropertyDescriptor(value, name)?.writable !== true) return false;
    // A proxy may refuse what its descriptors promise.
    const object = value as Record<string, unknown>;
    return Reflect.set(object, name, object[name]);
  });
}
