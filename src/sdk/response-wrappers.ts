import { guard } from '../util/guard.ts';
import { isProxy } from '../util/own-data.ts';
import { field, objectField } from '../util/payload.ts';
import { passOn } from '../util/watch-result.ts';
import { type Call, type CallReference, goOn, lostResults, watchForLoss } from './call.ts';
import type { Method } from './patches.ts';
import { privateSlot } from './private-slot.ts';
import { asMethod, resemble } from './reflect.ts';
import { isStream, watchStream } from './stream.ts';

/** What the SDK hands to its parser. */
interface SdkProps {
  readonly response?: { readonly headers?: unknown };
}

interface SdkPage {
  readonly getPaginatedItems: unknown;
}

/** Calls by the promise of their response. Every promise that the SDK derives leads back to it. */
const callsByResponse = privateSlot<CallReference>();
/** Calls by the value of that promise, which the SDK passes to its parser. */
const callsByProps = privateSlot<CallReference>();
/** Calls by their request options while the SDK parses their responses. */
const callsByOptions = privateSlot<CallReference>();
const watchingParses = privateSlot<Method>();

/**
 * Registers the promise of a call's response, from which the SDK derives every promise of the result. If it is not the
 * one we returned from `makeRequest`, a subclass replaced it, for example to log in first; then only that one settles.
 */
export function watchResponsePromise(response: object, call: Call): void {
  callsByResponse.set(response, call.reference);
  // Without `response instanceof Promise && `, a thenable is asked twice.
  call.indirect = response instanceof Promise && response !== call.carrier;
  if (call.indirect) watchForLoss(call, response);
  // An object that is watched for collection must not be retained.
  call.carrier = call.indirect ? undefined : response;
}

/**
 * Takes the response. If the program has asked for the result by now, the SDK parses it next. Only a result that was not
 * asked for can get lost, and watching each one would be the largest cost of a call.
 */
export function takeResponse(call: Call, props: unknown): void {
  const { carrier } = call;
  call.carrier = undefined;
  call.responded(field(props, 'response'));
  if (typeof props === 'object' && props !== null) callsByProps.set(props, call.reference);
  // A raw response ends the call: the program reads the body itself.
  // Without `if (call.rawRequested) `, every call ends with its headers.
  if (call.rawRequested) call.close('raw');
  if (carrier !== undefined && !call.requested && !call.settled) watchForLoss(call, carrier);
}

export function wrapClientParse(original: Method): Method {
  return asMethod({
    parseResponseWithTimeout(...args) {
      const call = callsByProps.get(args[1])?.call;
      // Without this, unobserved results cannot be parsed.
      if (call === undefined) return original.apply(this, args);
      const options = field(args[1], 'options');
      // Two calls may share one options object. Only a context tells their retries apart.
      const parsed =
        typeof options === 'object' && options !== null && !awaitRetry(call, options)
          ? goOn(call, original, this, args)
          : original.apply(this, args);
      return watchParsed(call, args[1], parsed);
    },
  });
}

/**
 * Late openai 7 may send the request again while it parses. A context around the parser would also tell which call that
 * request belongs to, but entering it allocates a kilobyte for each call.
 *
 * @returns false if another call is already found by these options
 */
function awaitRetry(call: Call, options: object): boolean {
  const known = callsByOptions.get(options)?.call;
  if (known !== undefined && known !== call) return false;
  callsByOptions.set(options, call.reference);
  return true;
}

/**
 * The call whose request the SDK sends again, before or while it parses a response.
 *
 * @param active the client's call of the current context. It may be another one: one call may make another, in a custom
 *   fetch or in a subclass.
 */
export function callBeingRetried(
  options: unknown,
  client: object,
  active: Call | undefined,
): Call | undefined {
  if (active?.options === options) return active;
  const parsed = callsByOptions.get(options)?.call;
  return parsed?.client === client ? parsed : active;
}

/** The wrapper of a parse function. Most promises share one function, and so one wrapper. */
export function watchingParse(original: Method): Method {
  const known = watchingParses.get(original);
  if (known !== undefined) return known;
  const parseResponse = resemble(
    original,
    asMethod({
      parseResponse(...args) {
        const props = args[args.length - 1];
        const call = callsByProps.get(props)?.call;
        const parsed = Reflect.apply(original, this, args);
        return call === undefined ? parsed : watchParsed(call, props, parsed);
      },
    }),
  );
  watchingParses.set(original, parseResponse);
  // A wrapper is its own wrapper: one promise may serve many requests.
  watchingParses.set(parseResponse, parseResponse);
  return parseResponse;
}

/** Watches a result that the SDK is parsing. */
function watchParsed(call: Call, props: unknown, parsed: unknown): unknown {
  if (!call.requested) lostResults.unregister(call);
  call.requested = true;
  return passOn(
    parsed,
    (value) => {
      // Without this, an unreadable result does not reach the program.
      guard('reading a result', takeResult, call, value, props);
      return value;
    },
    (error) => {
      call.fail(error);
      // Without this, a result that cannot be parsed resolves to `undefined`.
      throw error;
    },
  );
}

function takeResult(call: Call, value: unknown, props: unknown): void {
  const { response } = props as SdkProps;
  // The parser may have sent the request again.
  if (response?.headers !== call.headers) call.responded(response);
  if (isStream(value)) {
    call.streamed = true;
    // Without this, an open stream retains the request.
    call.options = undefined;
    watchForLoss(call, value);
    watchStream(value, call, (generator) => watchForLoss(call, generator));
  } else if (value === response) {
    call.succeed(undefined);
  } else {
    const isPage = typeof (value as Partial<SdkPage> | undefined)?.getPaginatedItems === 'function';
    call.succeed(isPage ? objectField(value, 'body') : value);
  }
}

/** Wraps `parse`, which everything that returns the result passes, before or after the response arrives. */
export function wrapParse(original: Method): Method {
  return asMethod({
    parse(...args) {
      const call = callOf(this);
      if (call?.carrier !== undefined) call.requested = true;
      if (call?.rawRequested) call.rawRequested = false;
      if (call?.indirect) watchIndirect(call, this);
      return original.apply(this, args);
    },
  });
}

export function wrapAsResponse(original: Method): Method {
  return asMethod({
    asResponse(...args) {
      const call = callOf(this);
      // `withResponse` calls both; the result is being parsed already.
      // Without ` && field(this, 'parsedPromise') === undefined`, `withResponse` ends the call before its result is read.
      if (call !== undefined && field(this, 'parsedPromise') === undefined) {
        if (call.indirect) watchIndirect(call, this);
        if (!isForWatcher(this)) {
          call.rawRequested = true;
          if (call.headersTime > 0) call.close('raw');
        }
      }
      return original.apply(this, args);
    },
  });
}

/**
 * Whether another library asks, to learn of failures, before the program has the promise: Sentry replaces the parser by a
 * proxy first, and the method afterwards.
 */
function isForWatcher(promise: object): boolean {
  return isProxy(field(promise, 'parseResponse')) && !Object.hasOwn(promise, 'asResponse');
}

/**
 * Puts the watched promise in the place of the SDK's, once the program asks for the result. V8 follows a rejection to the
 * code that waits only through promises with one handler, so one on the side would cut the program out of the stack.
 */
function watchIndirect(call: Call, promise: object): void {
  if (call.requested) return;
  call.requested = true;
  lostResults.unregister(call);
  const { responsePromise } = promise as { responsePromise: Promise<unknown> };
  const watched = responsePromise.then(
    (props) => {
      // A call that has not begun made no request.
      if (call.begun) guard('reading a response', takeResponse, call, props);
      return props;
    },
    (error) => {
      call.fail(error);
      // Without this, a failed request resolves to `undefined`.
      throw error;
    },
  );
  callsByResponse.set(watched, call.reference);
  Reflect.set(promise, 'responsePromise', watched);
}

function callOf(promise: object): Call | undefined {
  return callsByResponse.get(field(promise, 'responsePromise'))?.call;
}
