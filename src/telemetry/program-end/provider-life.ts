import { guardAsync } from '../../util/guard.ts';
import { patchMethod } from '../../util/patch-method.ts';
import { sinksSettled } from '../events/sink.ts';
import { type EndLimits, type ProgramEndListener, sendStateOf } from './program-end.ts';

/** Called before a provider flushes or shuts down. */
export interface ProviderListener extends ProgramEndListener {
  /** Whether the listener has open spans, which will end later. */
  readonly isOpen?: boolean;
  flush(): Promise<void>;
  shutdown(limits?: EndLimits): Promise<void>;
}

type ProviderMethod = (this: object, ...args: unknown[]) => unknown;
type Listeners = Set<WeakRef<ProviderListener>>;
const LIFE_METHODS = { forceFlush: 'flush', shutdown: 'shutdown' } as const;
type Name = keyof typeof LIFE_METHODS;

/** A wrapped method of a provider, which calls all listeners first. */
interface WrappedMethod {
  readonly listeners: Listeners;
  restore(): boolean;
}
const wrappedMethods = new WeakMap<ProviderMethod, WrappedMethod>();
const collectedProviders = new FinalizationRegistry<() => void>((stop) => stop());

/**
 * Lets the listener finish its work before the provider flushes or shuts down, which OpenTelemetry does not announce to
 * instrumentations. It wraps the two methods on the provider object, not on its class.
 *
 * A provider may outlive clients with their own settings, so it holds listeners weakly. Work in progress must hold its
 * listener.
 *
 * @returns removes the listener, and restores the methods if they are still ours
 */
export function beforeProviderEnds(provider: object, listener: ProviderListener): () => void {
  const held = new WeakRef(listener);
  const stops: (() => void)[] = [];
  // A loop: a closure over the provider would keep it as long as the listener.
  for (const name of Object.keys(LIFE_METHODS) as Name[]) stops.push(listen(provider, name, held));
  const stop = (): void => {
    for (const each of stops) each();
  };
  collectedProviders.register(listener, stop, held);
  return () => {
    collectedProviders.unregister(held);
    stop();
  };
}

/** A replaced provider may have open spans, and may be shut down long after the first call with the next one. */
const MAX_FOLLOWED = 4;

interface Followed {
  readonly held: WeakRef<object>;
  readonly stop: () => void;
}

/** Listens to a provider, which may be registered or replaced long after the instrumentation was created. */
export class FollowedProvider {
  readonly #listener: ProviderListener;
  provider: object | undefined;
  /** The current provider, which is the last one, and a few before it. */
  #followed: Followed[] = [];

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
    this.#followed = [...others, known ?? this.#listenTo(provider)];
  }

  #listenTo(provider: object): Followed {
    return { held: new WeakRef(provider), stop: beforeProviderEnds(provider, this.#listener) };
  }

  stop(): void {
    for (const { stop } of this.#followed) stop();
    this.#followed = [];
    this.provider = undefined;
  }
}

function listen(provider: object, name: Name, listener: WeakRef<ProviderListener>): () => void {
  const method = (provider as Record<string, unknown>)[name];
  if (typeof method !== 'function') return () => undefined;
  const wrapped =
    wrappedMethods.get(method as ProviderMethod) ?? wrapMethod(provider, name, method as ProviderMethod);
  wrapped.listeners.add(listener);
  // A replaced provider may be collected before its listener.
  const held = new WeakRef(wrapped);
  return () => {
    const { listeners, restore } = held.deref() ?? {};
    listeners?.delete(listener);
    if (listeners?.size === 0) restore?.();
  };
}

function wrapMethod(provider: object, name: Name, original: ProviderMethod): WrappedMethod {
  const listeners: Listeners = new Set();
  const state = sendStateOf(provider);
  const wrapper: ProviderMethod = function (...args) {
    if (listeners.size === 0) return original.apply(this, args);
    return notifyListeners(listeners, name).then(async () => {
      state.unsent = liveOf(listeners).some(({ isOpen }) => isOpen === true);
      const done = original.apply(this, args);
      if (name === 'shutdown') state.shutdown = done;
      const [result] = await Promise.all([done, sinksSettled()]);
      return result;
    });
  };
  const restore = patchMethod(provider, name, wrapper);
  state.listeners = () => liveOf(listeners);
  const made: WrappedMethod = { listeners, restore };
  wrappedMethods.set(wrapper, made);
  return made;
}

async function notifyListeners(listeners: Listeners, name: Name): Promise<void> {
  await Promise.all(
    [...listeners].map((listener) =>
      guardAsync(`finishing before ${name}`, async () => listener.deref()?.[LIFE_METHODS[name]]()),
    ),
  );
}

function liveOf(listeners: Listeners): ProviderListener[] {
  return [...listeners].flatMap((listener) => listener.deref() ?? []);
}
