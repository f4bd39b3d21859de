import { noticeClientClass, noticeVersionOf } from '../diagnostics/copies.ts';
import { activeContext, isSuppressed } from '../util/context.ts';
import { guard, logError } from '../util/guard.ts';
import { asObject, field } from '../util/payload.ts';
import { ProcessWide } from '../util/process-state.ts';
import { Call, type CallObserver, openCalls } from './call.ts';
import { make, workInContext } from './call-context.ts';
import {
  watchCallPromise,
  wrapAsResponse,
  wrapClientParse,
  wrapFetch,
  wrapMakeRequest,
  wrapParse,
  wrapRetry,
} from './client-methods.ts';
import { learnErrorClassNames } from './error-class-names.ts';
import { clientOfResources, findClientPrototype, missingMethods } from './find-client.ts';
import { bypassWrappers, switchOtherOff } from './other-wrappers.ts';
import { isOurs, PatchedClass } from './patches.ts';
import { holderOf, isObject, type Method, type MethodHolder, prototypesOf } from './reflect.ts';
import { patchResources } from './resources.ts';

/**
 * Patches one client prototype, so that the calls of its clients are observed. It wraps the few methods through which
 * every call goes in every major version:
 *
 * - `request` and `requestAPIList` run synchronously in the caller's context.
 * - `makeRequest` sees the final options and the response.
 * - `fetchWithTimeout` sees each attempt; `retryRequest` sees that another one follows.
 * - The parsed value passes a method of the client (late openai 7) or a function on the promise (all others).
 *
 * A method that a version lacks is not wrapped. Each call is observed by its client's own observer, or else by the
 * newest default.
 */
export class Seam extends PatchedClass {
  /** The keys are single clients and the prototypes of subclasses. */
  readonly #own = new WeakMap<object, CallObserver>();
  #observesClients = false;
  #observesClasses = false;
  #switchOtherOn: (() => void) | undefined;
  /** Whether another instrumentation may have wrapped the methods of the client's resources. */
  #mayHaveWrappers = false;
  #parsesInClient = false;
  #hasSeenPromise = false;

  /** @param prototype owns `makeRequest`: `APIClient.prototype` in openai 4, `OpenAI.prototype` in 5 to 7 */
  static of(prototype: object): Seam {
    return (PatchedClass.find(prototype) as Seam | undefined) ?? new Seam(prototype);
  }

  static ofClient(client: unknown): Seam | undefined {
    return PatchedClass.find(findClientPrototype(client)) as Seam | undefined;
  }

  override addDefault(observer: CallObserver): void {
    super.addDefault(observer);
    if (this.newest === undefined) return;
    this.#switchOtherOn ??= switchOtherOff();
    this.#mayHaveWrappers = true;
  }

  protected override unobserved(): void {
    this.#switchOtherOn?.();
    this.#switchOtherOn = undefined;
  }

  observeClient(client: object, observer: CallObserver): void {
    if (!this.claim()) return;
    this.watchResources(client);
    this.#own.set(client, observer);
    // If the client is a proxy, its resources call the original client.
    this.#own.set(clientOfResources(client), observer);
    this.#observesClients = true;
  }

  /** Observes the clients of a subclass of the program, and no others. */
  observeClass(prototype: object, observer: CallObserver): void {
    if (!this.claim()) return;
    this.#own.set(prototype, observer);
    this.#observesClients = this.#observesClasses = true;
  }

  /** Also observes methods that make no request, if they can be reached from the client or its class. */
  watchResources(clientOrClass: unknown): void {
    if (isOurs(this.prototype))
      patchResources(clientOrClass, this.patches, (client) => this.observerOfResource(client));
  }

  /** The client's own observer, or else that of its nearest class that has one. */
  ownObserver(client: object): CallObserver | undefined {
    const own = this.#own.get(client);
    if (own !== undefined || !this.#observesClasses) return own;
    return guard('finding the class of a client', () => {
      for (const holder of prototypesOf(client)) if (this.#own.has(holder)) return this.#own.get(holder);
      return undefined;
    });
  }

  /** Also runs the observer's `prepare`. `undefined` while calls are suppressed. */
  observerOfResource(client: unknown): CallObserver | undefined {
    if (typeof client !== 'object' || client === null || isSuppressed(activeContext())) return undefined;
    const observer = this.#observerOf(client);
    if (observer !== undefined) prepare(observer);
    return observer;
  }

  #observerOf(client: object): CallObserver | undefined {
    if (this.#mayHaveWrappers) {
      this.#mayHaveWrappers = false;
      guard('switching another instrumentation off', bypassWrappers, client);
    }
    const own = this.#observesClients ? this.ownObserver(client) : undefined;
    return own ?? this.newest;
  }

  protected patch(): void {
    const { prototype, patches } = this;
    this.#hasSeenPromise = false;
    noticeClientClass(missingMethods(prototype));
    this.#parsesInClient = typeof field(prototype, 'parseResponseWithTimeout') === 'function';
    patches.wrap(prototype, 'request', (original) => this.#wrapRequest(original));
    patches.wrap(prototype, 'requestAPIList', (original) => this.#wrapRequest(original));
    patches.wrap(prototype, 'makeRequest', wrapMakeRequest);
    patches.wrap(prototype, 'fetchWithTimeout', wrapFetch);
    patches.wrap(prototype, 'retryRequest', wrapRetry);
    patches.wrap(prototype, 'parseResponseWithTimeout', wrapClientParse);
    patches.wrap(prototype, 'withOptions', (original) => this.#wrapWithOptions(original));
  }

  /** The usage that an open call has asked for must stay hidden from the program. */
  protected override isHeld(): boolean {
    return this.#observesClients || openCalls().some(({ hidesUsage }) => hidesUsage);
  }

  #wrapRequest(original: Method): MethodHolder {
    const seam = this;
    const calls = seenCalls.value;
    return {
      request(...args) {
        calls.any = true;
        const observer = seam.#observerOf(this);
        if (observer === undefined || prepare(observer) === false) return original.apply(this, args);
        const active = activeContext();
        if (isSuppressed(active)) return original.apply(this, args);
        let call: Call;
        try {
          call = new Call(this, observer, active);
          workInContext(call);
        } catch (error) {
          logError('starting a call', error);
          return original.apply(this, args);
        }
        const promise = make(call, original, this, args);
        try {
          if (!seam.#hasSeenPromise && isObject(promise)) seam.#wrapPromise(promise, this);
          watchCallPromise(promise, call, seam.#parsesInClient);
        } catch (error) {
          logError('watching a promise', error);
        }
        return promise;
      },
    };
  }

  #wrapWithOptions(original: Method): MethodHolder {
    const observers = this.#own;
    return {
      withOptions(...args) {
        const made = original.apply(this, args);
        const observer = observers.get(this);
        // A subclass may return something else.
        if (observer !== undefined && asObject(made) !== undefined) observers.set(made as object, observer);
        return made;
      },
    };
  }

  /** Done at the first call: the SDK does not export the class of its promises, but the first promise leads to it. */
  #wrapPromise(promise: object, client: object): void {
    this.#hasSeenPromise = true;
    guard('checking the version of openai', noticeVersionOf, client);
    guard('reading the error classes of openai', learnErrorClassNames, client);
    const holder = holderOf(promise, 'asResponse');
    if (holder === undefined) return;
    this.patches.wrap(holder, 'asResponse', wrapAsResponse);
    this.patches.wrap(holder, 'parse', wrapParse);
  }
}

function prepare(observer: CallObserver): boolean | undefined {
  try {
    return observer.prepare?.();
  } catch (error) {
    logError('preparing for a call', error);
    return undefined;
  }
}

/** Whether any copy of this package has seen a call. */
export const seenCalls: ProcessWide<{ any: boolean }> = new ProcessWide('seen-calls', () => ({ any: false }));
