import type module from 'node:module';

/**
 * A load hook that can rest. While there is one, Node takes longer to load any file, and the client of `openai` requires
 * two hundred that do not matter here.
 */
export class LoadHook {
  readonly #register: typeof module.registerHooks;
  readonly #load: module.LoadHookSync;
  #registered: module.ModuleHooks | undefined;

  constructor(register: typeof module.registerHooks, load: module.LoadHookSync) {
    this.#register = register;
    this.#load = load;
    this.resume();
  }

  /** Rests until it is resumed, or the program has finished what it does now: a file may throw instead of loading. */
  rest(): void {
    this.#registered?.deregister();
    this.#registered = undefined;
    void Promise.resolve().then(() => this.resume());
  }

  resume(): void {
    this.#registered ??= this.#register({ load: this.#load });
  }
}
