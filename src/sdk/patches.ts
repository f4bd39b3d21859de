import { notice } from '../diagnostics/report.ts';
import { guard } from '../util/guard.ts';
import { copyFunctionProperties, patchMethod } from '../util/patch-method.ts';
import { processWideCollection } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';

/** Any method, called on any object. */
export type Method = (this: object, ...args: unknown[]) => unknown;

interface Patch {
  readonly holder: object;
  readonly name: string;
  readonly restore: () => boolean;
}

/** A set of patched methods that can be restored exactly as they were. */
export class Patches {
  readonly #patches: Patch[] = [];

  /** Wraps the method once, if `holder` itself owns it; otherwise does nothing. */
  wrap(holder: object, name: string, wrap: (original: Method) => Method): void {
    // Without this, a method is wrapped twice and every call is observed twice.
    if (this.#patches.some((patch) => patch.holder === holder && patch.name === name)) return;
    const original = Object.getOwnPropertyDescriptor(holder, name);
    // Without `typeof original?.value !== 'function' || `, a method that a version lacks is added.
    // Without ` || original.configurable !== true`, instrumenting a frozen client class throws.
    if (typeof original?.value !== 'function' || original.configurable !== true) return;
    const wrapper = wrap(original.value as Method);
    // Without this, wrapped methods change their name and length.
    copyFunctionProperties(original.value, wrapper);
    // A mock keeps its methods, such as `mockReturnValue`, and what it tells of its calls.
    if ('_isMockFunction' in original.value)
      Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original.value));
    this.#patches.push({ holder, name, restore: patchMethod(holder, name, wrapper) });
  }

  /**
   * Gives `holder` a method of its own in the place of the one it inherits, once.
   *
   * @param make gets a function that finds the inherited method when it is called
   */
  override(holder: object, name: string, make: (inherited: () => Method) => Method): void {
    if (this.#patches.some((patch) => patch.holder === holder && patch.name === name)) return;
    if (Object.hasOwn(holder, name)) {
      this.wrap(holder, name, (original) => make(() => original));
      return;
    }
    const inherited = (): Method => Object.getPrototypeOf(holder)[name];
    if (typeof inherited() !== 'function' || !Object.isExtensible(holder)) return;
    const wrapper = make(inherited);
    copyFunctionProperties(inherited(), wrapper);
    this.#patches.push({ holder, name, restore: patchMethod(holder, name, wrapper) });
  }

  /**
   * Restores every method that is still ours. One that another package has wrapped or frozen since then stays in
   * place; without observers our wrapper just passes through.
   *
   * @returns whether everything was restored
   */
  restore(): boolean {
    const kept = this.#patches.filter(({ restore }) => !restore());
    this.#patches.splice(0, this.#patches.length, ...kept);
    return kept.length === 0;
  }
}

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

/** Which release has patched a prototype, shared by all of them: two would record every call twice. */
const releases = processWideCollection<WeakMap<object, string>>(WeakMap, 'releases', 1);

/** What all releases do when one of them no longer observes a prototype. */
const successors = processWideCollection<Set<() => void>>(Set, 'successors', 1);

/** Of several releases in a process, the first to observe a prototype keeps it until its last observer leaves. */
export function claimPrototype(prototype: object): boolean {
  const release = releases.value.get(prototype) ?? VERSION;
  if (release === VERSION) releases.value.set(prototype, VERSION);
  else notice('other_release', String(release), VERSION);
  return release === VERSION;
}

export function releasePrototype(prototype: object): void {
  // Without this, a release that was refused takes the prototype from the one that observes it.
  if (!isOurs(prototype)) return;
  releases.value.delete(prototype);
  for (const succeed of [...successors.value]) guard('taking over from another release', succeed);
}

/**
 * Calls the function whenever a prototype is no longer observed, so that another release can.
 *
 * @returns stops it
 */
export function onReleased(succeed: () => void): () => void {
  successors.value.add(succeed);
  return () => successors.value.delete(succeed);
}

/** Whether this release observes the prototype. */
export function isOurs(prototype: object): boolean {
  return releases.value.get(prototype) === VERSION;
}

/** Whether some release of this package observes what a prototype does. */
export function isObserved(prototype: object): boolean {
  return releases.value.has(prototype);
}
