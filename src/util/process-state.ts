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

/** The key of the symbol, which lines that bundlers add to `openai` name, too. */
export const STATE_KEY: string = `${NAME}/state@1`;

interface OwnCopy {
  state?: ProcessState;
  key: string;
  onKeyTaken?: () => void;
}
const own: OwnCopy = { key: STATE_KEY };

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

/** The key of the symbol under which `globalThis` has the state of this copy. */
export function processStateKey(): string {
  processState();
  return own.key;
}

/** Calls the listener if the symbol of {@link STATE_KEY} holds a foreign value, also if that was found before. */
export function onKeyTaken(listener: () => void): void {
  own.onKeyTaken = listener;
  if (own.key !== STATE_KEY) listener();
}

function sharedValue<Value extends object>(name: string, create: () => Value): Value {
  const { values } = processState();
  const known = values.get(name);
  const made = create();
  if (known !== undefined && isAlike(known, made)) return known as Value;
  values.set(name, made);
  return made;
}

/**
 * Stores the state for good, so that copies that load later find it. A foreign value under the symbol stays
 * and is reported, and this copy has a state of its own.
 */
function processState(): ProcessState {
  if (own.state !== undefined) return own.state;
  const made: ProcessState = { version: 1, values: new Map() };
  const isStored = !(Symbol.for(STATE_KEY) in globalThis) && defineGlobal(STATE_KEY, made);
  const found = isStored ? made : field(globalThis, Symbol.for(STATE_KEY));
  if (isState(found, made)) {
    own.state = found;
    return found;
  }
  own.state = made;
  own.key = `${STATE_KEY}#${Math.random().toString(36).slice(2)}`;
  defineGlobal(own.key, made);
  own.onKeyTaken?.();
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

function isState(found: unknown, made: ProcessState): found is ProcessState {
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
