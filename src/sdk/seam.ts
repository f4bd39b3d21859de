import { noticeClientClass, noticeVersionOf } from '../diagnostics/copies.ts';
import { activeContext } from '../util/context.ts';
import { learnErrorClassNames } from '../util/error-class-names.ts';
import { guard, logError } from '../util/guard.ts';
import { asObject, field, type PayloadObject } from '../util/payload.ts';
import { hasWritable, ProcessWide, processWideCollection } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';
import { Call, type CallObserver, make } from './call.ts';
import {
  clientOfResources,
  findClientPrototype,
  findResourcePrototype,
  missingMethods,
} from './find-client.ts';
import { lookForWrappers, switchOtherOff } from './other-wrappers.ts';
import { claimPrototype, isOurs, type Method, Patches, releasePrototype } from './patches.ts';
import { patchFileWait } from './poll-helpers.ts';
import { asMethod, hasPrototype } from './reflect.ts';
import { wrapFetch, wrapMakeRequest, wrapRetry } from './request-wrappers.ts';
import {
  watchingParse,
  watchResponsePromise,
  wrapAsResponse,
  wrapClientParse,
  wrapParse,
} from './response-wrappers.ts';
import { isSuppressed } from './suppression.ts';
import { findCompletionsPrototypes, patchToolRunners } from './tool-runners.ts';
import { type ObservedWebhook, patchWebhooks } from './webhooks.ts';

/** Seams by prototype, shared by all copies of this release in a process; the prototypes themselves show nothing. */
const seams = processWideCollection<WeakMap<object, Seam>>(WeakMap, 'seams', VERSION);

/**
 * The seam of one client prototype. It wraps the few methods that every call of every major passes:
 *
 * - `request` and `requestAPIList` run synchronously in the caller's context.
 * - `makeRequest` sees the final options and the response.
 * - `fetchWithTimeout` sees each attempt; `retryRequest` sees that another one follows.
 * - The parsed value passes a method of the client (late openai 7) or a function on the promise (all others).
 *
 * A method that a version lacks is not wrapped. Each call is observed by its client's own observer, or else by the
 * newest default.
 */
export class Seam {
  readonly #prototype: object;
  readonly #patches = new Patches();
  readonly #defaults: CallObserver[] = [];
  readonly #clients = new WeakMap<object, CallObserver>();
  /** By the prototypes of subclasses; those added last stand last. */
  readonly #classes = new Map<object, CallObserver>();
  #observesClients = false;
  #switchOtherOn: (() => void) | undefined;
  #parsesInClient = false;
  #promisePrototype: object | undefined;
  #toolRunners = new WeakSet<object>();

  /** @param prototype owns `makeRequest`: `APIClient.prototype` in openai 4, `OpenAI.prototype` in 5 to 7 */
  static of(prototype: object): Seam {
    const found = seams.value.get(prototype);
    return isSeam(found) ? found : new Seam(prototype);
  }

  private constructor(prototype: object) {
    this.#prototype = prototype;
  }

  /** The observer of a client that is about to make calls in a loop, ready for them. */
  static observerOf(client: unknown): CallObserver | undefined {
    const prototype = findClientPrototype(client);
    const seam = prototype === undefined ? undefined : seams.value.get(prototype);
    return isSeam(seam) ? seam.#observerOfResource(client) : undefined;
  }

  addDefault(observer: CallObserver): void {
    if (!claimPrototype(this.#prototype)) return;
    this.#install();
    // Without `if (!this.#defaults.includes(observer)) `, an observer that was added twice survives its removal.
    if (!this.#defaults.includes(observer)) this.#defaults.push(observer);
    this.#switchOtherOn ??= switchOtherOff();
  }

  observeClient(client: object, observer: CallObserver): void {
    if (!claimPrototype(this.#prototype)) return;
    this.#install();
    this.watchResources(client);
    this.#clients.set(client, observer);
    // Without this, the settings of a proxy do not apply to the calls of its resources.
    this.#clients.set(clientOfResources(client), observer);
    this.#observesClients = true;
  }

  /** Observes the clients of a subclass of the program, and no others. */
  observeClass(prototype: object, observer: CallObserver): void {
    if (!claimPrototype(this.#prototype)) return;
    this.#install();
    this.#classes.delete(prototype);
    this.#classes.set(prototype, observer);
    this.#observesClients = true;
  }

  /**
   * Also observes what makes no request, if it can be found from a client: helpers that run the program's functions,
   * and webhooks.
   */
  watchResources(clientOrClass: unknown): void {
    if (!isOurs(this.#prototype)) return;
    for (const prototype of findCompletionsPrototypes(clientOrClass)) {
      if (this.#toolRunners.has(prototype)) continue;
      this.#toolRunners.add(prototype);
      patchToolRunners(prototype, this.#patches, (client) => this.#observerOfResource(client));
    }
    const files = findResourcePrototype(clientOrClass, 'Files', 'waitForProcessing');
    if (files !== undefined) patchFileWait(files, this.#patches);
    const webhooks = findResourcePrototype(clientOrClass, 'Webhooks', 'unwrap');
    if (webhooks !== undefined)
      patchWebhooks(webhooks, this.#patches, (client) => this.#startWebhook(client));
  }

  /** Calls in flight finish as they began. The last observer to leave restores the prototype. */
  removeDefault(observer: CallObserver): void {
    const index = this.#defaults.indexOf(observer);
    // Without this, a release that was refused takes the patches of another one away.
    if (index < 0) return;
    this.#defaults.splice(index, 1);
    if (this.#defaults.length === 0) {
      this.#switchOtherOn?.();
      this.#switchOtherOn = undefined;
    }
    // Without `this.#defaults.length === 0 && `, other default observers lose their calls.
    // Without ` && !this.#observesClients`, clients with settings of their own lose their calls.
    if (this.#defaults.length === 0 && !this.#observesClients) this.#uninstall();
  }

  /** A method that another package has wrapped since then cannot be restored; the seam stays and passes calls through. */
  #uninstall(): void {
    this.#promisePrototype = undefined;
    this.#toolRunners = new WeakSet();
    // Without `if (this.#patches.restore()) `, a wrapper that stays below another one is added a second time on top.
    if (this.#patches.restore()) seams.value.delete(this.#prototype);
    releasePrototype(this.#prototype);
  }

  #startWebhook(client: unknown): ObservedWebhook | undefined {
    const observer = this.#observerOfResource(client);
    return guard('starting a webhook', () => observer?.startWebhook?.(client as object));
  }

  #observerOfResource(client: unknown): CallObserver | undefined {
    // Without ` || isSuppressed(activeContext())`, the functions of a suppressed helper get spans.
    if (typeof client !== 'object' || client === null || isSuppressed(activeContext())) return undefined;
    const observer = this.#observerOf(client);
    if (observer !== undefined) prepare(observer);
    return observer;
  }

  /** The observer of a client that was instrumented by itself, or whose class was. */
  ownObserver(client: object): CallObserver | undefined {
    const own = this.#clients.get(client);
    if (own !== undefined || this.#classes.size === 0) return own;
    const isOf = ([prototype]: readonly [object, CallObserver]): boolean => hasPrototype(client, prototype);
    return guard('finding the class of a client', () => [...this.#classes].findLast(isOf)?.[1]);
  }

  #observerOf(client: object): CallObserver | undefined {
    const own = this.#observesClients ? this.ownObserver(client) : undefined;
    return own ?? this.#defaults[this.#defaults.length - 1];
  }

  /** Patches the prototype, also again after it was restored. */
  #install(): void {
    const prototype = this.#prototype;
    seams.value.set(prototype, this);
    noticeClientClass(missingMethods(prototype));
    this.#patches.wrap(prototype, 'request', (original) => this.#wrapRequest(original));
    this.#patches.wrap(prototype, 'requestAPIList', (original) => this.#wrapRequest(original));
    this.#parsesInClient = typeof field(prototype, 'parseResponseWithTimeout') === 'function';
    this.#patches.wrap(prototype, 'makeRequest', wrapMakeRequest);
    this.#patches.wrap(prototype, 'fetchWithTimeout', wrapFetch);
    this.#patches.wrap(prototype, 'retryRequest', wrapRetry);
    this.#patches.wrap(prototype, 'parseResponseWithTimeout', wrapClientParse);
    this.#patches.wrap(prototype, 'withOptions', (original) => this.#wrapWithOptions(original));
  }

  #wrapRequest(original: Method): Method {
    const seam = this;
    const calls = seenCalls.value;
    return asMethod({
      request(...args) {
        // Without this, programs are told that their calls are not traced.
        calls.any = true;
        const observer = seam.#observerOf(this);
        // Without this, unobserved calls run in a context of ours.
        if (observer === undefined) return original.apply(this, args);
        // Without this, calls are observed without an observer.
        if (prepare(observer) === false) return original.apply(this, args);
        const active = activeContext();
        // Without this, suppressed calls get spans.
        if (isSuppressed(active)) return original.apply(this, args);
        let call: Call;
        // Without this, a platform without a clock breaks the call.
        try {
          call = new Call(this, observer, active);
        } catch (error) {
          logError('starting a call', error);
          return original.apply(this, args);
        }
        const promise = make(call, original, this, args);
        // Without this, a promise that cannot be watched breaks the call.
        try {
          seam.#watchPromise(promise, call);
        } catch (error) {
          logError('watching a promise', error);
        }
        return promise;
      },
    });
  }

  /** A client that `withOptions` returns inherits the settings of the original. */
  #wrapWithOptions(original: Method): Method {
    const seam = this;
    return asMethod({
      withOptions(...args) {
        const made = original.apply(this, args);
        const observer = seam.#clients.get(this);
        // Without ` && asObject(made) !== undefined`, a subclass whose `withOptions` returns no client throws.
        if (observer !== undefined && asObject(made) !== undefined)
          seam.#clients.set(made as object, observer);
        return made;
      },
    });
  }

  #watchPromise(promise: unknown, call: Call): void {
    if (typeof promise !== 'object' || promise === null) return;
    if (this.#promisePrototype === undefined) this.#wrapPromise(promise, call.client);
    const { responsePromise: response, parseResponse: parse } = promise as PayloadObject;
    if (typeof response === 'object' && response !== null) {
      watchResponsePromise(response, call);
    }
    if (this.#parsesInClient) return;
    // Without this, promises of another kind are reported as errors of ours.
    if (typeof parse === 'function')
      (promise as { parseResponse: Method }).parseResponse = watchingParse(parse as Method);
  }

  /** The SDK does not export the class of its promises; the first promise leads to it. */
  #wrapPromise(promise: object, client: object): void {
    let holder: object | null = promise;
    while (holder !== null && !Object.hasOwn(holder, 'asResponse')) holder = Object.getPrototypeOf(holder);
    this.#promisePrototype = holder ?? Object.prototype;
    guard('checking the version of openai', noticeVersionOf, client);
    guard('reading the error classes of openai', learnErrorClassNames, client);
    // Without this, a promise without `asResponse` is not watched.
    if (holder === null) return;
    this.#patches.wrap(holder, 'asResponse', wrapAsResponse);
    this.#patches.wrap(holder, 'parse', wrapParse);
  }
}

/** @returns `false` if nothing takes what would be recorded */
function prepare(observer: CallObserver): boolean | undefined {
  try {
    lookForWrappers();
    return observer.prepare?.();
  } catch (error) {
    logError('preparing for a call', error);
    return undefined;
  }
}

/** The observer of a client that was instrumented by itself. */
export function ownObserverOf(client: object): CallObserver | undefined {
  const prototype = findClientPrototype(client);
  const seam = prototype === undefined ? undefined : seams.value.get(prototype);
  return isSeam(seam) ? seam.ownObserver(client) : undefined;
}

const SEAM_METHODS = [
  'addDefault',
  'observeClass',
  'observeClient',
  'ownObserver',
  'removeDefault',
  'watchResources',
] as const;

function isSeam(found: unknown): found is Seam {
  return SEAM_METHODS.every((name) => typeof field(found, name) === 'function');
}

/** Whether a call has passed a seam, of whichever copy of this package. */
export const seenCalls: ProcessWide<{ any: boolean }> = new ProcessWide({
  name: 'seen-calls',
  shape: 1,
  accepts: (value) => hasWritable(value, ['any']),
  create: () => ({ any: false }),
});
