import { processWideCollection } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';
import { Patches } from './patches.ts';
import { claimPrototype, releasePrototype } from './releases.ts';

/** Patched classes by prototype, shared by all copies of this release: two patches would observe everything twice. */
const patchedClasses = processWideCollection<WeakMap<object, PatchedClass>>(
  WeakMap,
  'patched-classes',
  VERSION,
);

/**
 * @param newest gives the newest observer
 * @returns a function to call when the last observer leaves, or nothing
 */
type ClassPatch = (patches: Patches, newest: () => object | undefined) => unknown;

/** A class that is patched once, for all of its observers, while it has any. */
export class PatchedClass {
  readonly #prototype: object;
  readonly #patches = new Patches();
  readonly #patch: ClassPatch;
  readonly #observers = new Set<object>();
  #restore: unknown;

  /** @param patch called with the first observer */
  static of(prototype: object, patch: ClassPatch): PatchedClass {
    let found = patchedClasses.value.get(prototype);
    if (found === undefined) {
      found = new PatchedClass(prototype, patch);
      patchedClasses.value.set(prototype, found);
    }
    return found;
  }

  private constructor(prototype: object, patch: ClassPatch) {
    this.#prototype = prototype;
    this.#patch = patch;
  }

  addDefault(observer: object): void {
    if (!claimPrototype(this.#prototype)) return;
    // A method that another library wrapped since the last time is still patched, and is not patched again.
    if (this.#observers.size === 0)
      this.#restore = this.#patch(this.#patches, () => [...this.#observers].at(-1));
    this.#observers.add(observer);
  }

  removeDefault(observer: object): void {
    if (!this.#observers.delete(observer) || this.#observers.size > 0) return;
    this.#patches.restore();
    if (typeof this.#restore === 'function') this.#restore();
    releasePrototype(this.#prototype);
  }
}
