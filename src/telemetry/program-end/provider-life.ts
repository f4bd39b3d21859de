import { guardAsync } from '../../util/guard.ts';
import { patchMethod } from '../../util/patch-method.ts';
import { field } from '../../util/payload.ts';
import { platform } from '../../util/platform.ts';
import { sinksSettled } from '../events/sink.ts';

/** Limits our own GET requests to the API before everything ends. */
export interface EndLimits {
  /** Whether to ask the API how operations in progress have ended. Default: true. */
  readonly reads?: boolean;
  readonly readTimeoutMs?: number;
}

/** Called before a provider flushes or shuts down, and before it sends its spans for the last time. */
export interface ProviderListener {
  /** Whether the listener has open spans, which will end later. */
  readonly isOpen?: boolean;
  /** The meter and logger providers to flush together with the tracer provider. */
  readonly otherProviders?: readonly object[];
  forceFlush(): Promise<void>;
  /** Ends all open spans. It may first ask the API how operations in progress have ended. */
  shutdown(limits?: EndLimits): Promise<void>;
  /** Ends idle conversations: those without a call or invocation in progress. */
  endIdle?(limits?: EndLimits): Promise<void>;
  /** Ends all open spans at once, without any request to the API. */
  endAll?(): void;
}

export class ProviderLife {
  /** Whether the provider may hold our spans, metrics or events that are not flushed yet. */
  unsent = false;
  /** Whether any of our spans was recorded. Stays `false` while a sampler drops them all. */
  recorded = false;
  /** What the provider's `shutdown()` has returned, once it was called. */
  shutdown: unknown;
  readonly #listeners = new Set<WeakRef<ProviderListener>>();
  #restores: (() => unknown)[] = [];

  get listeners(): ProviderListener[] {
    return [...this.#listeners].flatMap((held) => held.deref() ?? []);
  }

  /**
   * Wraps the methods of the provider object, not of its class, while somebody listens: OpenTelemetry reports neither
   * flush nor shutdown.
   */
  add(held: WeakRef<ProviderListener>, provider: object): void {
    if (this.#listeners.size === 0)
      this.#restores = (['forceFlush', 'shutdown'] as const).map((name) => this.#wrap(provider, name));
    this.#listeners.add(held);
  }

  remove(held: WeakRef<ProviderListener>): void {
    if (!this.#listeners.delete(held) || this.#listeners.size > 0) return;
    for (const restore of this.#restores) restore();
  }

  #wrap(provider: object, name: 'forceFlush' | 'shutdown'): () => unknown {
    const original = field(provider, name);
    if (typeof original !== 'function') return () => undefined;
    const life = this;
    return patchMethod(provider, name, async function (this: object, ...args: unknown[]): Promise<unknown> {
      const finish = (each: ProviderListener) => guardAsync(`finishing before ${name}`, () => each[name]());
      await Promise.all(life.listeners.map(finish));
      life.unsent &&= life.listeners.some(({ isOpen }) => isOpen === true);
      const done: unknown = original.apply(this, args);
      if (name === 'shutdown') life.shutdown = done;
      const [result] = await Promise.all([done, sinksSettled()]);
      return result;
    });
  }
}

export const lives: WeakMap<object, ProviderLife> = new WeakMap();
const providers = new Set<WeakRef<object>>();

/** The providers that were in use and still exist: a program may replace one and shut it down much later. */
export function knownProviders(): object[] {
  return [...providers].flatMap((each) => each.deref() ?? []);
}

/** What is known about a provider. From now on, it is one of {@link knownProviders}. */
export function lifeOf(provider: object): ProviderLife {
  const known = lives.get(provider);
  if (known !== undefined) return known;
  for (const each of providers) if (each.deref() === undefined) providers.delete(each);
  const life = new ProviderLife();
  lives.set(provider, life);
  providers.add(new platform.WeakRef(provider));
  return life;
}

/**
 * One weak reference to each listener, for all providers. Providers may outlive a client and its settings.
 */
const references = new WeakMap<ProviderListener, WeakRef<ProviderListener>>();
const collected = new platform.FinalizationRegistry(removeListener);

/** Lets a listener finish before the provider flushes or shuts down. Holds the listener weakly. */
export function listenTo(provider: object, listener: ProviderListener): void {
  const held = references.get(listener) ?? new platform.WeakRef(listener);
  if (!references.has(listener)) collected.register(listener, held);
  references.set(listener, held);
  lifeOf(provider).add(held, provider);
}

/** Removes the listener from all providers. Providers without another listener get their own methods back. */
export function stopListening(listener: ProviderListener): void {
  const held = references.get(listener);
  if (held !== undefined) removeListener(held);
}

function removeListener(held: WeakRef<ProviderListener>): void {
  for (const provider of knownProviders()) lives.get(provider)?.remove(held);
}
