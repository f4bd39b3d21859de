import { NAME } from './version.ts';

/**
 * The key of the symbol on `globalThis` that holds what all copies of this package in the process share: two copies may
 * be installed, or one may be bundled. Lines that bundlers add to `openai` name the key, too. Its number changes with
 * the shape of the values. The name of a value with methods ends in the version of the package, because every release
 * may change the methods.
 */
export const STATE_KEY: string = `${NAME}/state@1`;

interface ProcessState {
  readonly key: string;
  readonly values: Map<string, object>;
}

let own: ProcessState | undefined;

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
    if (this.#value === undefined) {
      const { values } = processState();
      this.#value = (values.get(this.#name) as Value | undefined) ?? this.#create();
      values.set(this.#name, this.#value);
    }
    return this.#value;
  }
}

/** The key of the symbol under which `globalThis` has the state of this copy. */
export function processStateKey(): string {
  return processState().key;
}

/** If another package uses the symbol, the copies of this one meet under a second symbol. */
function processState(): ProcessState {
  own ??= stateAt(STATE_KEY) ?? stateAt(`${STATE_KEY}+`) ?? { key: STATE_KEY, values: new Map() };
  return own;
}

/** Stores the state for good, so that copies that load later find it. `undefined` if other code uses the symbol. */
function stateAt(key: string): ProcessState | undefined {
  try {
    const symbol = Symbol.for(key);
    if (!(symbol in globalThis)) Object.defineProperty(globalThis, symbol, { value: { values: new Map() } });
    const { values } = Reflect.get(globalThis, symbol) as Pick<ProcessState, 'values'>;
    // A proxy throws here, and an object that only looks like a map.
    Map.prototype.has.call(values, key);
    return Object.getPrototypeOf(values) === Map.prototype ? { key, values } : undefined;
  } catch {
    return undefined;
  }
}
