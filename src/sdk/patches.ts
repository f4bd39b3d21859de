import { notice } from '../diagnostics/report.ts';
import { copyFunctionProperties, patchMethod } from '../util/patch-method.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';
import type { CallObserver } from './call.ts';
import { type Method, type MethodHolder, methodOf } from './reflect.ts';

interface Patch {
  readonly holder: object;
  readonly name: string;
  readonly restore: () => boolean;
}

export class Patches {
  readonly #patches: Patch[] = [];

  /** Wraps the method once. Does nothing unless `holder` itself owns it. */
  wrap(holder: object, name: string, wrap: (original: Method) => MethodHolder): void {
    if (this.#has(holder, name)) return;
    const original = Object.getOwnPropertyDescriptor(holder, name);
    // A version may lack the method, and a program may have frozen the class.
    if (typeof original?.value !== 'function' || original.configurable !== true) return;
    const wrapper = methodOf(wrap(original.value as Method));
    this.#replace(holder, name, original.value as Method, wrapper);
    // A mock function keeps its methods, such as `mockReturnValue`, and the calls that it has recorded.
    if ('_isMockFunction' in original.value)
      Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original.value));
  }

  /**
   * Gives `holder` a method of its own instead of the one it inherits, once.
   *
   * @param make receives a function that finds the inherited method when it is called
   */
  override(holder: object, name: string, make: (inherited: () => Method) => MethodHolder): void {
    if (Object.hasOwn(holder, name)) {
      this.wrap(holder, name, (original) => make(() => original));
      return;
    }
    const inherited = (): Method => Object.getPrototypeOf(holder)[name];
    if (typeof inherited() !== 'function' || !Object.isExtensible(holder)) return;
    this.#replace(holder, name, inherited(), methodOf(make(inherited)));
  }

  #has(holder: object, name: string): boolean {
    return this.#patches.some((patch) => patch.holder === holder && patch.name === name);
  }

  #replace(holder: object, name: string, original: Method, wrapper: Method): void {
    copyFunctionProperties(original, wrapper);
    this.#patches.push({ holder, name, restore: patchMethod(holder, name, wrapper) });
  }

  /**
   * Restores every method that is still ours. If another package has wrapped or frozen the method since then, our
   * wrapper stays. Without observers, it only calls the original.
   */
  restore(): void {
    const kept = this.#patches.filter(({ restore }) => !restore());
    this.#patches.splice(0, this.#patches.length, ...kept);
  }
}

/** The patched classes, by prototype. All copies of this release share them. */
const patchedClasses = new ProcessWide(`seams@${VERSION}`, () => new WeakMap<object, PatchedClass>());

/** A class that is patched while it is observed. Its newest observer observes the objects of the class. */
export abstract class PatchedClass {
  protected readonly prototype: object;
  protected readonly patches: Patches = new Patches();
  readonly #observers: CallObserver[] = [];
  #isPatched = false;

  constructor(prototype: object) {
    this.prototype = prototype;
    patchedClasses.value.set(prototype, this);
  }

  static find(prototype: object | undefined): PatchedClass | undefined {
    return prototype === undefined ? undefined : patchedClasses.value.get(prototype);
  }

  addDefault(observer: CallObserver): void {
    if (this.claim() && !this.#observers.includes(observer)) this.#observers.push(observer);
  }

  /** Calls in progress finish as they began. Without observers, restores the class unless {@link isHeld}. */
  removeDefault(observer: CallObserver): void {
    const index = this.#observers.indexOf(observer);
    if (index < 0) return;
    this.#observers.splice(index, 1);
    if (this.newest !== undefined) return;
    this.unobserved();
    if (this.isHeld()) return;
    this.#isPatched = false;
    this.patches.restore();
    releases.value.delete(this.prototype);
  }

  protected get newest(): CallObserver | undefined {
    return this.#observers[this.#observers.length - 1];
  }

  /** Patches the class, unless another release has. @returns whether this release observes it */
  protected claim(): boolean {
    if (!claimPrototype(this.prototype)) return false;
    if (!this.#isPatched) this.patch();
    this.#isPatched = true;
    return true;
  }

  protected abstract patch(): void;

  /** Whether the patches stay when no observer of the whole class remains. */
  protected isHeld(): boolean {
    return false;
  }

  /** Called when the last observer of the whole class leaves, before anything is restored. */
  protected unobserved(): void {}
}

/** Which release has patched a prototype. All releases share this: two of them would record every call twice. */
const releases = new ProcessWide('releases', () => new WeakMap<object, string>());

/**
 * The first release to observe a prototype keeps it until the last observer of that release leaves. Another one can
 * observe it only if it starts after that.
 */
function claimPrototype(prototype: object): boolean {
  const release = releases.value.get(prototype) ?? VERSION;
  if (release === VERSION) releases.value.set(prototype, VERSION);
  else notice('other_release', String(release), VERSION);
  return release === VERSION;
}

export function isOurs(prototype: object): boolean {
  return releases.value.get(prototype) === VERSION;
}

/** Whether any release of this package observes the prototype. */
export function isObserved(prototype: object): boolean {
  return releases.value.has(prototype);
}
