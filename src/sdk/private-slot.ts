/** A value for each object that has been given one. */
export interface Attached<Value> {
  get(holder: object): Value | undefined;
  set(holder: object, value: Value): void;
}

/** The constructor of a base class may give any object, and the fields of the class are then put on that. */
class Given {
  constructor(holder: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is the point of it
    return holder;
  }
}

/**
 * A private field that objects of the SDK's get: like an entry of a `WeakMap` with the object as its key it keeps the
 * value for as long as the object lives and shows nowhere, but the garbage collector need not look after it.
 */
export function attached<Value extends object>(): Attached<Value> {
  class Holder extends Given {
    #value: Value | undefined;
    static get(holder: object): Value | undefined {
      return #value in holder ? holder.#value : undefined;
    }
    static set(holder: object, value: Value): void {
      const held = #value in holder ? holder : (new Holder(holder) as Holder);
      held.#value = value;
    }
  }
  return Holder;
}
