import { type Context, context, createContextKey } from '@opentelemetry/api';
import { now } from '../clock.ts';
import { noticeClientClass, noticeVersionOf } from '../doctor/copies.ts';
import { guard } from '../guard.ts';
import { asObject, field, objectField } from '../payload.ts';
import { type Attempt, Call, type CallObserver, type ToolRun } from './call.ts';
import { copyFunctionProperties, type Method, Patches } from './patches.ts';
import { isStream, watchStream } from './stream.ts';
import { askForUsage } from './stream-usage.ts';
import { isSuppressed } from './suppression.ts';
import { findCompletionsPrototypes, patchToolRunners } from './tool-runners.ts';

/** The call that the current context belongs to. */
const CALL: symbol = createContextKey('opentelemetry-instrumentation-openai call');

/** Seams by prototype, shared by all builds of this package in a process; the prototypes themselves show nothing. */
const SEAMS: symbol = Symbol.for('opentelemetry-instrumentation-openai.seams');

function sharedSeams(): WeakMap<object, Seam> {
  const shared = globalThis as { [SEAMS]?: WeakMap<object, Seam> };
  shared[SEAMS] ??= new WeakMap();
  return shared[SEAMS];
}

/** Calls by the promise of their response, from which every derived promise of the SDK can be traced back. */
const callsByResponse = new WeakMap<object, Call>();
/** Calls by what that promise resolves to, which is what the SDK's parsing is handed. */
const callsByProps = new WeakMap<object, Call>();

/** When the promise or stream that carries a result has been collected, nobody can ask for it any more. */
const lost = new FinalizationRegistry<Call>((call) => call.close('abandoned'));

/**
 * The seam of one client prototype: wraps the few methods that every call of every major passes.
 *
 * `request` and `requestAPIList` run synchronously in the caller's context; `makeRequest` sees the final
 * options and the response; `fetchWithTimeout` sees each attempt, and `retryRequest` that it was not the last;
 * and the parsed value passes a method of the client (late openai 7) or a function on the promise (all others).
 * What a version lacks is not wrapped.
 *
 * Who observes is decided for each call by the client it is made on, else by the newest default.
 */
export class Seam {
  readonly #prototype: object;
  readonly #patches = new Patches();
  readonly #defaults: CallObserver[] = [];
  readonly #clients = new WeakMap<object, CallObserver>();
  #observesClients = false;
  #parsesInClient = false;
  #promisePrototype: object | undefined;
  #toolRunners = new WeakSet<object>();

  /** @param prototype owns `makeRequest`: `APIClient.prototype` in openai 4, `OpenAI.prototype` in 5 to 7 */
  static of(prototype: object): Seam {
    return sharedSeams().get(prototype) ?? new Seam(prototype);
  }

  private constructor(prototype: object) {
    this.#prototype = prototype;
  }

  addDefault(observer: CallObserver): void {
    this.#install();
    // guard `if (!this.#defaults.includes(observer)) `: one that was added twice goes on after it is removed
    if (!this.#defaults.includes(observer)) this.#defaults.push(observer);
  }

  observeClient(client: object, observer: CallObserver): void {
    this.#install();
    this.watchToolRunners(client);
    this.#clients.set(client, observer);
    this.#observesClients = true;
  }

  /** Also has the helpers that run the program's functions observed, as far as they can be found from a client. */
  watchToolRunners(clientOrClass: unknown): void {
    for (const prototype of findCompletionsPrototypes(clientOrClass)) {
      if (this.#toolRunners.has(prototype)) continue;
      this.#toolRunners.add(prototype);
      patchToolRunners(prototype, this.#patches, (client) => this.#runToolOf(client));
    }
  }

  /** Calls under way finish as they began; the prototype is put back once nobody observes it. */
  removeDefault(observer: CallObserver): void {
    const index = this.#defaults.indexOf(observer);
    if (index >= 0) this.#defaults.splice(index, 1);
    // guard `this.#defaults.length === 0 && `: others who observe all clients lose them
    // guard ` && !this.#observesClients`: clients with settings of their own lose them
    if (this.#defaults.length === 0 && !this.#observesClients) this.#uninstall();
  }

  /** A method that somebody else has wrapped since stays ours, and with it the seam, which then lets all pass. */
  #uninstall(): void {
    this.#promisePrototype = undefined;
    this.#toolRunners = new WeakSet();
    // guard `if (this.#patches.restore()) `: what stays below another wrapper is patched again, on top of it
    if (this.#patches.restore()) sharedSeams().delete(this.#prototype);
  }

  #runToolOf(client: unknown): ((tool: ToolRun) => unknown) | undefined {
    // guard ` || isSuppressed(context.active())`: functions of a suppressed helper get spans
    if (typeof client !== 'object' || client === null || isSuppressed(context.active())) return undefined;
    const observer = this.#observerOf(client);
    if (observer?.runTool === undefined) return undefined;
    guard('preparing for a call', prepare, observer);
    return (tool) => observer.runTool?.(tool);
  }

  #observerOf(client: object): CallObserver | undefined {
    const own = this.#observesClients ? this.#clients.get(client) : undefined;
    return own ?? this.#defaults[this.#defaults.length - 1];
  }

  /** Also puts back in place what was restored when nobody was left to observe. */
  #install(): void {
    const prototype = this.#prototype;
    sharedSeams().set(prototype, this);
    noticeClientClass();
    this.#parsesInClient = typeof field(prototype, 'parseResponseWithTimeout') === 'function';
    this.#patches.wrap(prototype, 'request', (original) => this.#wrapRequest(original));
    this.#patches.wrap(prototype, 'requestAPIList', (original) => this.#wrapRequest(original));
    this.#patches.wrap(prototype, 'makeRequest', wrapMakeRequest);
    this.#patches.wrap(prototype, 'fetchWithTimeout', wrapFetch);
    this.#patches.wrap(prototype, 'retryRequest', wrapRetry);
    this.#patches.wrap(prototype, 'parseResponseWithTimeout', wrapClientParse);
    this.#patches.wrap(prototype, 'withOptions', (original) => this.#wrapWithOptions(original));
  }

  #wrapRequest(original: Method): Method {
    const seam = this;
    return function request(...args) {
      const observer = seam.#observerOf(this);
      // guard: calls that nobody observes run in a context of ours
      if (observer === undefined) return original.apply(this, args);
      // guard: a set-up that fails breaks the call
      guard('preparing for a call', prepare, observer);
      const active = context.active();
      // guard: suppressed calls get spans
      if (isSuppressed(active)) return original.apply(this, args);
      const call = new Call(this, observer, active);
      const promise = context.with(active.setValue(CALL, call), () =>
        whileMaking(call, () => original.apply(this, args)),
      );
      // guard: a promise that cannot be watched breaks the call
      guard('watching a promise', seam.#watchPromise, promise, call);
      return promise;
    };
  }

  /** A client made from another keeps the settings of the one it was made from. */
  #wrapWithOptions(original: Method): Method {
    const seam = this;
    return function withOptions(...args) {
      const made = original.apply(this, args);
      const observer = seam.#clients.get(this);
      // guard ` && asObject(made) !== undefined`: a subclass whose `withOptions` gives no client breaks
      if (observer !== undefined && asObject(made) !== undefined) seam.#clients.set(made as object, observer);
      return made;
    };
  }

  readonly #watchPromise = (promise: unknown, call: Call): void => {
    if (typeof promise !== 'object' || promise === null) return;
    this.#wrapAsResponse(promise, call.client);
    const response = field(promise, 'responsePromise');
    if (typeof response === 'object' && response !== null) {
      callsByResponse.set(response, call);
      lost.register(response, call, call);
    }
    if (this.#parsesInClient) return;
    const parse = field(promise, 'parseResponse');
    // guard: promises of another kind are reported as failures
    if (typeof parse !== 'function') return;
    const watched: Method = function parseResponse(...args) {
      return watchParse(call, args[args.length - 1], () => parse.apply(this, args));
    };
    copyFunctionProperties(parse as Method, watched);
    (promise as { parseResponse: Method }).parseResponse = watched;
  };

  /** `asResponse` lives on a class that no module of the SDK's entry exports: the first promise leads to it. */
  #wrapAsResponse(promise: object, client: object): void {
    if (this.#promisePrototype !== undefined) return;
    let holder: object | null = promise;
    while (holder !== null && !Object.hasOwn(holder, 'asResponse')) holder = Object.getPrototypeOf(holder);
    // guard: a promise without `asResponse` is not watched
    if (holder === null) return;
    this.#promisePrototype = holder;
    guard('looking at the version of openai', noticeVersionOf, client);
    this.#patches.wrap(holder, 'asResponse', wrapAsResponse);
  }
}

/**
 * The call that is being made right now. Nearly always the SDK gets from one method to the next at once, so that
 * calls are found also where the program has no context manager.
 */
let making: Call | undefined;

function whileMaking<Result>(call: Call, make: () => Result): Result {
  const outer = making;
  making = call;
  try {
    return make();
  } finally {
    making = outer;
  }
}

function prepare(observer: CallObserver): void {
  observer.prepare?.();
}

function wrapMakeRequest(original: Method): Method {
  return function makeRequest(options, ...rest) {
    const call = making ?? (context.active().getValue(CALL) as Call | undefined);
    // A call that has begun comes by again when the SDK retries it.
    // guard `call === undefined || `: requests that nobody observes fail
    // guard `call.begun || `: a retry begins the call again
    // guard ` || call.client !== this`: a call that another client makes meanwhile is taken for this one
    if (call === undefined || call.begun || call.client !== this)
      return original.call(this, options, ...rest);
    call.begun = true;
    const send = (resolved: unknown): unknown => {
      call.begin(resolved);
      const sent = guard('asking for usage', askForUsage, call, resolved) ?? resolved;
      return watchResponse(call, () => original.call(this, sent, ...rest));
    };
    // guard `typeof field(options, 'then') === 'function' ? Promise.resolve(options).then(send) : `: options that are promised are read before they are there
    return typeof field(options, 'then') === 'function' ? Promise.resolve(options).then(send) : send(options);
  };
}

/** Passes the SDK's promise through: a handler on the side would hide that nobody handled a rejection. */
function watchResponse(call: Call, send: () => unknown): unknown {
  const response = context.with(contextOf(call), send) as Promise<unknown>;
  return response.then(
    (props) => {
      call.responded(field(props, 'response'));
      // guard `if (call.rawRequested) `: every call ends with its headers
      if (call.rawRequested) closeRaw(call);
      if (typeof props === 'object' && props !== null) callsByProps.set(props, call);
      return props;
    },
    (error) => {
      lost.unregister(call);
      call.fail(error);
      // guard: a call that failed gives the program nothing instead of its error
      throw error;
    },
  );
}

function wrapFetch(original: Method): Method {
  return function fetchWithTimeout(...args) {
    const call = callUnderWay(this);
    // guard: attempts that nobody observes fail
    if (call === undefined) return original.apply(this, args);
    const attempt: Attempt = {
      startTime: now(),
      endTime: undefined,
      status: undefined,
      headers: undefined,
      error: undefined,
    };
    call.attempts.push(attempt);
    return (original.apply(this, args) as Promise<unknown>).then(
      (response) => {
        attempt.endTime = now();
        const status = field(response, 'status');
        if (typeof status === 'number') attempt.status = status;
        attempt.headers = field(response, 'headers');
        return response;
      },
      (error) => {
        attempt.endTime = now();
        attempt.error = error;
        // guard: the SDK does not see that an attempt failed
        throw error;
      },
    );
  };
}

/** The SDK waits in here before it sends the request again. */
function wrapRetry(original: Method): Method {
  return function retryRequest(...args) {
    const attempt = callUnderWay(this)?.attempts.at(-1);
    // guard `if (attempt !== undefined) `: retries that nobody observes fail
    if (attempt !== undefined) attempt.endTime = now();
    return original.apply(this, args);
  };
}

/** The call that the client is at work on: a suppressed one may run inside of it, as one of a custom fetch. */
function callUnderWay(client: object): Call | undefined {
  const active = context.active();
  const call = active.getValue(CALL) as Call | undefined;
  // guard ` || call.settled`: attempts are added to a call that is over
  // guard ` || call.client !== client`: what another client sends meanwhile counts as an attempt
  // guard ` || isSuppressed(active)`: a suppressed request inside of a call counts as its attempt
  if (call === undefined || call.settled || call.client !== client || isSuppressed(active)) return undefined;
  return call;
}

function wrapClientParse(original: Method): Method {
  return function parseResponseWithTimeout(...args) {
    const props = args[1];
    const call = typeof props === 'object' && props !== null ? callsByProps.get(props) : undefined;
    const parse = (): unknown => original.apply(this, args);
    // guard `call === undefined ? parse() : `: results that nobody observes cannot be parsed
    return call === undefined ? parse() : watchParse(call, props, parse);
  };
}

/** Late openai 7 may send the request again while it parses, so parsing runs in the call's context too. */
function watchParse(call: Call, props: unknown, parse: () => unknown): unknown {
  // guard: what is read of a call that is over runs in a context that is gone
  if (call.settled) return parse();
  lost.unregister(call);
  return (context.with(contextOf(call), parse) as Promise<unknown>).then(
    (value) => {
      call.responded(field(props, 'response'));
      // guard: a result that cannot be read does not reach the program
      guard('reading a result', takeResult, call, value, props);
      return value;
    },
    (error) => {
      call.fail(error);
      // guard: a result that cannot be parsed gives the program nothing instead of the error
      throw error;
    },
  );
}

function takeResult(call: Call, value: unknown, props: unknown): void {
  if (isStream(value)) {
    call.streamed = true;
    lost.register(value, call, call);
    watchStream(value, call, (iterator) => {
      lost.unregister(call);
      lost.register(iterator, call, call);
    });
  } else if (value === field(props, 'response')) {
    call.succeed(undefined);
  } else {
    call.succeed(
      typeof field(value, 'getPaginatedItems') === 'function' ? objectField(value, 'body') : value,
    );
  }
}

function wrapAsResponse(original: Method): Method {
  return function asResponse(...args) {
    const response = field(this, 'responsePromise');
    const call =
      typeof response === 'object' && response !== null ? callsByResponse.get(response) : undefined;
    // `withResponse` asks for both: there the result is being parsed already.
    // guard ` && field(this, 'parsedPromise') === undefined`: `withResponse` ends the call before its result is read
    if (call !== undefined && !call.settled && field(this, 'parsedPromise') === undefined) {
      call.rawRequested = true;
      if (call.headersTime > 0) closeRaw(call);
    }
    return original.apply(this, args);
  };
}

function closeRaw(call: Call): void {
  lost.unregister(call);
  call.close('raw');
}

function contextOf(call: Call): Context {
  return call.context.setValue(CALL, call);
}
