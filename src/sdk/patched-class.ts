import { isCollection, ProcessWide } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';
import { Patches } from './patches.ts';
import { claimPrototype, releasePrototype } from './releases.ts';

/** Patched classes by prototype, shared by all copies of this release: two patches would observe everything twice. */
const patchedClasses = new ProcessWide<WeakMap<object, PatchedClass>>({
  name: 'patched-classes',
  shape: VERSION,
  accepts: (value) => isCollection(WeakMap, value),
  create: () => new WeakMap(),
});

/** A class that is patched while somebody observes it, once for all who do. */
export class PatchedClass {
  readonly #prototype: object;
  readonly #patches = new Patches();
  readonly #patch: (patches: Patches) => void;
  readonly #observers = new Set<object>();

  /** @param patch called with the first observer */
  static of(prototype: object, patch: (patches: Patches) => void): PatchedClass {
    let found = patchedClasses.value.get(prototype);
    if (found === undefined) {
      found = new PatchedClass(prototype, patch);
      patchedClasses.value.set(prototype, found);
    }
    return found;
  }

  private constructor(prototype: object, patch: (patches: Patches) => void) {
    this.#prototype = prototype;
    this.#patch = patch;
  }

  addDefault(observer: object): void {
    if (!claimPrototype(this.#prototype)) return;
    // What somebody else has wrapped since the last time is still there, and is not wrapped again.
    this.#patch(this.#patches);
    this.#observers.add(observer);
  }

  removeDefault(observer: object): void {
    if (!this.#observers.delete(observer) || this.#observers.size > 0) return;
    this.#patches.restore();
    releasePrototype(this.#prototype);
  }
}
