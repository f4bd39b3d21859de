import { field } from './payload.ts';
import { NAME } from './version.ts';

/**
 * What all copies of this package in the process share: one object under a symbol on `globalThis`. Two copies may be
 * installed, or one may be bundled. Copies that expect another `version` of this object do not share it. The name of a
 * value with methods ends in the version of the package, because every release may change the methods.
 */
interface ProcessState {
  readonly version: 1;
  readonly values: Map<string, object>;
}

const STATE_KEY = `${NAME}/state@1`;

/**
 * Values that are also stored under symbols of their own, because version 0.1.0 reads and writes them there.
 * Through them, only one release records each call and each agent, and the lines that bundlers add to
 * `openai` find this package.
 */
const PUBLISHED: readonly string[] = ['agents', 'conversation-id', 'loaded', 'releases', 'successors'];

interface OwnCopy {
  state?: ProcessState;
  key: string;
  readonly taken: string[];
  onTaken?: (key: string) => void;
}
const own: OwnCopy = { key: STATE_KEY, taken: [] };

/** A value that all copies of this package in the process share. Reading it never throws. */
export class ProcessWide<Value extends object> {
  readonly #name: string;
  readonly #create: () => Value;
  #value: Value | undefined;

  constructor(name: string, create: () => Value) {
    this.#name = name;
    this.#create = create;
  }

  get value(): Value {
    this.#value ??= sharedValue(this.#name, this.#create);
    return this.#value;
  }
}

/** The key of the symbol under which `globalThis` has the shared state. The values are in its map `values`. */
export function processStateKey(): string {
  processState();
  return own.key;
}

/** Calls the listener with each key whose symbol holds a foreign value, including those found before. */
export function onKeyTaken(listener: (key: string) => void): void {
  own.onTaken = listener;
  own.taken.forEach(listener);
}

function sharedValue<Value extends object>(name: string, create: () => Value): Value {
  const { values } = processState();
  const known = values.get(name);
  const made = create();
  if (known !== undefined && isAlike(known, made)) return known as Value;
  const value = PUBLISHED.includes(name) ? publish(`${NAME}/${name}@1`, made, isAlike) : made;
  values.set(name, value);
  return value;
}

function processState(): ProcessState {
  if (own.state !== undefined) return own.state;
  const made: ProcessState = { version: 1, values: new Map() };
  own.state = publish(STATE_KEY, made, isState);
  if (own.state === made && field(globalThis, Symbol.for(STATE_KEY)) !== made) {
    own.key = `${STATE_KEY}#${Math.random().toString(36).slice(2)}`;
    defineGlobal(own.key, made);
  }
  return own.state;
}

/**
 * Stores a value under a symbol for good, so that copies that load later find it. A foreign value there stays
 * and is reported, and this copy uses its own.
 *
 * @returns the value that was there, if a copy of this package stored it; otherwise the given value
 */
function publish<Value extends object>(
  key: string,
  made: Value,
  accepts: (found: unknown, made: Value) => boolean,
): Value {
  if (!(Symbol.for(key) in globalThis) && defineGlobal(key, made)) return made;
  const found = field(globalThis, Symbol.for(key));
  if (accepts(found, made)) return found as Value;
  own.taken.push(key);
  own.onTaken?.(key);
  return made;
}

function defineGlobal(key: string, value: object): boolean {
  try {
    Object.defineProperty(globalThis, Symbol.for(key), { value });
    return true;
  } catch {
    return false;
  }
}

function isState(found: unknown, made: ProcessState): boolean {
  return (
    field(found, 'version') === made.version &&
    isAlike(field(found, 'values'), made.values) &&
    isAlike(found, made)
  );
}

/** Whether a value has the class of one that this copy made, and the same properties, all writable. */
function isAlike(found: unknown, made: object): boolean {
  try {
    // The built-in method throws for proxies and for objects that only look like a collection.
    if ('has' in made) (made as Set<unknown>).has.call(found as never, made);
    const names = Object.keys(made);
    return (
      Object.getPrototypeOf(found) === Object.getPrototypeOf(made) &&
      Object.keys(found as object).join() === names.join() &&
      names.every((name) => Reflect.set(found as object, name, Reflect.get(found as object, name)))
    );
  } catch {
    // Other code has stored a proxy, or an object with an accessor that throws.
    return false;
  }
}
