import { guardAsync } from '../../util/guard.ts';
import { patchMethod } from '../../util/patch-method.ts';
import { field } from '../../util/payload.ts';
import { sinksSettled } from '../events/sink.ts';

/** Limits our own GET requests to the API before everything ends. */
export interface EndLimits {
  /** Whether to ask the API how operations in progress have ended. Default: true. */
  readonly reads?: boolean;
  /** How long to wait for these requests. */
  readonly readTimeoutMs?: number;
}

/** Called before a provider flushes or shuts down, and before it sends its spans for the last time. */
export interface ProviderListener {
  /** Whether the listener has open spans, which will end later. */
  readonly isOpen?: boolean;
  /** The meter and logger providers to flush together with the tracer provider. */
  readonly otherProviders?: readonly object[];
  flush(): Promise<void>;
  /** Ends all open spans. It may first ask the API how operations in progress have ended. */
  shutdown(limits?: EndLimits): Promise<void>;
  /** Ends idle conversations: those without a call or invocation in progress. */
  endIdle?(limits?: EndLimits): Promise<void>;
  /** Ends all open spans at once, without any request to the API. */
  endAll?(): void;
}

/** The wrapped methods of a provider, each with the method that is called on all listeners before it. */
const LIFE_METHODS = { forceFlush: 'flush', shutdown: 'shutdown' } as const;

/**
 * What we know about a provider, and who listens to it. It may outlive clients that have their own settings, so it
 * holds their listeners weakly.
 */
export class ProviderLife {
  /** Whether the provider may hold our spans, metrics or events that are not flushed yet. */
  unsent = false;
  /** Whether any of our spans was recorded. Stays `false` while a sampler drops them all. */
  recorded = false;
  /** Whether the provider is flushed when the program ends. */
  flushesAtEnd = false;
  /** What the provider's `shutdown()` has returned, once it was called. */
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

  /** Wraps the provider object, not its class. OpenTelemetry tells instrumentations of neither flush nor shutdown. */
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
 * Lets the listener finish its work before the provider flushes or shuts down. The listener is held weakly, so work in
 * progress must keep it alive.
 *
 * @returns a function that removes the listener, and after the last one restores the methods if they are still ours
 */
export function beforeProviderEnds(provider: object, listener: ProviderListener): () => void {
  const held = new WeakRef(listener);
  lifeOf(provider).add(held, provider);
  // Held weakly, so that a replaced provider can be garbage collected before its listener.
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

/**
 * How many providers are followed at the same time. A replaced provider may have open spans, and may be shut down long
 * after the first call with the next provider.
 */
const MAX_FOLLOWED = 4;

/** Listens to a provider, which may be registered or replaced long after the instrumentation was created. */
export class FollowedProvider {
  readonly #listener: ProviderListener;
  /** The current provider. */
  provider: object | undefined;
  /** The latest providers, in the order of their last use. */
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
