import { guardAsync } from '../../util/guard.ts';
import { patchMethod } from '../../util/patch-method.ts';
import { field } from '../../util/payload.ts';
import { sinksSettled } from '../events/sink.ts';

/** What may still be read of the API before everything ends. */
export interface EndLimits {
  /** Whether to read how things ended that are in progress. Default: true. */
  readonly reads?: boolean;
  /** How long to wait for requests of the instrumentation's own. */
  readonly readTimeoutMs?: number;
}

/** Called before a provider flushes or shuts down, and before it sends its spans for the last time. */
export interface ProviderListener {
  /** Whether the listener has open spans, which will end later. */
  readonly isOpen?: boolean;
  /** The meter and logger providers to flush together with the tracer provider. */
  readonly otherProviders?: readonly object[];
  flush(): Promise<void>;
  /** Ends all open spans. */
  shutdown(limits?: EndLimits): Promise<void>;
  /** Ends idle conversations: those without a call or invocation in progress. */
  endIdle?(limits?: EndLimits): Promise<void>;
  /** Ends all open spans at once. */
  endAll?(): void;
}

/** Before each method of a provider, the one of its listeners is called. */
const LIFE_METHODS = { forceFlush: 'flush', shutdown: 'shutdown' } as const;

/** What we know of a provider, and who listens to it: weakly, as it may outlive clients with their own settings. */
export class ProviderLife {
  /** Whether it may hold something of ours that is not flushed yet. */
  unsent = false;
  /** Whether a span of ours was recorded. A sampler may have dropped them all. */
  recorded = false;
  /** Whether it is flushed when the program ends. */
  flushesAtEnd = false;
  /** Its shutdown, once that has begun. */
  shutdown: unknown;
  readonly #listeners = new Set<WeakRef<ProviderListener>>();
  #restores: (() => boolean)[] = [];

  get listeners(): ProviderListener[] {
    return [...this.#listeners].flatMap((held) => held.deref() ?? []);
  }

  add(held: WeakRef<ProviderListener>, provider: object): void {
    if (this.#listeners.size === 0) this.#wrapMethods(provider);
    this.#listeners.add(held);
  }

  remove(held: WeakRef<ProviderListener>): void {
    this.#listeners.delete(held);
    if (this.#listeners.size > 0) return;
    for (const restore of this.#restores) restore();
    this.#restores = [];
  }

  /** On the provider object, not on its class. OpenTelemetry announces neither to instrumentations. */
  #wrapMethods(provider: object): void {
    for (const name of Object.keys(LIFE_METHODS) as (keyof typeof LIFE_METHODS)[]) {
      const original = field(provider, name);
      if (typeof original !== 'function') continue;
      const life = this;
      const wrapper = function (this: object, ...args: unknown[]): unknown {
        const run = (): unknown => original.apply(this, args);
        return life.#listeners.size === 0 ? run() : life.#notify(name, run);
      };
      this.#restores.push(patchMethod(provider, name, wrapper));
    }
  }

  async #notify(name: keyof typeof LIFE_METHODS, run: () => unknown): Promise<unknown> {
    const listeners = [...this.#listeners];
    await Promise.all(
      listeners.map((held) =>
        guardAsync(`finishing before ${name}`, async () => held.deref()?.[LIFE_METHODS[name]]()),
      ),
    );
    this.unsent = this.listeners.some(({ isOpen }) => isOpen === true);
    const done = run();
    if (name === 'shutdown') this.shutdown = done;
    const [result] = await Promise.all([done, sinksSettled()]);
    return result;
  }
}

const lives = new WeakMap<object, ProviderLife>();
const collectedListeners = new FinalizationRegistry<() => void>((stop) => stop());

export function lifeOf(provider: object): ProviderLife {
  const life = lives.get(provider) ?? new ProviderLife();
  lives.set(provider, life);
  return life;
}

/**
 * Lets the listener finish its work before the provider flushes or shuts down. Work in progress must hold its listener.
 *
 * @returns removes the listener, and restores the methods if they are still ours
 */
export function beforeProviderEnds(provider: object, listener: ProviderListener): () => void {
  const held = new WeakRef(listener);
  lifeOf(provider).add(held, provider);
  // A replaced provider may be collected before its listener.
  const place = new WeakRef(provider);
  const stop = (): void => {
    const followed = place.deref();
    if (followed !== undefined) lifeOf(followed).remove(held);
  };
  collectedListeners.register(listener, stop, held);
  return () => {
    collectedListeners.unregister(held);
    stop();
  };
}

/** A replaced provider may have open spans, and may be shut down long after the first call with the next one. */
const MAX_FOLLOWED = 4;

/** Listens to a provider, which may be registered or replaced long after the instrumentation was created. */
export class FollowedProvider {
  readonly #listener: ProviderListener;
  /** The current one. */
  provider: object | undefined;
  /** The last ones, in the order of their use. */
  #followed: { readonly held: WeakRef<object>; readonly stop: () => void }[] = [];

  constructor(listener: ProviderListener) {
    this.#listener = listener;
  }

  follow(provider: object | undefined): void {
    if (provider === this.provider) return;
    this.provider = provider;
    if (provider === undefined) return;
    const known = this.#followed.find(({ held }) => held.deref() === provider);
    const others = this.#followed.filter((each) => each !== known);
    if (others.length === MAX_FOLLOWED) others.shift()?.stop();
    const stop = known?.stop ?? beforeProviderEnds(provider, this.#listener);
    this.#followed = [...others, { held: new WeakRef(provider), stop }];
  }

  stop(): void {
    for (const { stop } of this.#followed) stop();
    this.#followed = [];
    this.provider = undefined;
  }
}
