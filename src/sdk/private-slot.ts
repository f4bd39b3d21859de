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
