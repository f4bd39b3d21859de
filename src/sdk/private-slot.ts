/** Associates a value with an object. */
export interface PrivateSlot<Value> {
  /** Nothing but an object holds a value. */
  get(holder: unknown): Value | undefined;
  set(holder: object, value: Value): void;
}

/** A base constructor may return any object; the private fields of the derived class are then added to that object. */
class ReturnsHolder {
  constructor(holder: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what adds the field to the holder
    return holder;
  }
}

/**
 * Adds a private field to objects of the SDK. Like an entry of a `WeakMap`, it is invisible and lives as long as the
 * object, but it costs the garbage collector nothing.
 */
export function privateSlot<Value extends object>(): PrivateSlot<Value> {
  class Holder extends ReturnsHolder {
    #value: Value | undefined;
    static get(holder: unknown): Value | undefined {
      const mayHold = (typeof holder === 'object' && holder !== null) || typeof holder === 'function';
      return mayHold && #value in holder ? holder.#value : undefined;
    }
    static set(holder: object, value: Value): void {
      const held = #value in holder ? holder : (new Holder(holder) as Holder);
      held.#value = value;
    }
  }
  return Holder;
}
