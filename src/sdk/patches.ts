import { copyFunctionProperties } from '../util/function-properties.ts';
/** A method as found: any function, called on any object. */
export type Method = (this: object, ...args: unknown[]) => unknown;

interface Patch {
  readonly holder: object;
  readonly name: string;
  readonly original: PropertyDescriptor;
  readonly wrapper: Method;
}

/** What has been patched, so that it can be put back exactly as it was. */
export class Patches {
  readonly #patches: Patch[] = [];

  /** Replaces the method where `holder` owns it, once; where it does not, nothing happens. */
  wrap(holder: object, name: string, wrap: (original: Method) => Method): void {
    // guard: a method is wrapped twice, and every call is seen twice
    if (this.#patches.some((patch) => patch.holder === holder && patch.name === name)) return;
    const original = Object.getOwnPropertyDescriptor(holder, name);
    // guard `typeof original?.value !== 'function' || `: what a version lacks is made up
    // guard ` || original.configurable !== true`: a frozen client class makes instrumenting fail
    if (typeof original?.value !== 'function' || original.configurable !== true) return;
    const wrapper = wrap(original.value as Method);
    // guard: methods change their name and length
    copyFunctionProperties(original.value, wrapper);
    Object.defineProperty(holder, name, { ...original, value: wrapper });
    this.#patches.push({ holder, name, original, wrapper });
  }

  /**
   * Puts back every method that is still ours. One that somebody else has wrapped or frozen since stays in place:
   * without observers its wrapper only passes through.
   *
   * @returns whether everything was put back
   */
  restore(): boolean {
    const kept = this.#patches.filter(({ holder, name, original, wrapper }) => {
      const current = Object.getOwnPropertyDescriptor(holder, name);
      // guard `current?.value !== wrapper || `: who has wrapped a method after us loses it
      // guard ` || current.configurable !== true`: who has frozen a prototype since cannot disable
      if (current?.value !== wrapper || current.configurable !== true) return true;
      Object.defineProperty(holder, name, original);
      return false;
    });
    this.#patches.splice(0, this.#patches.length, ...kept);
    return kept.length === 0;
  }
}
