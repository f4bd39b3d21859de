import { activeContext } from '../util/context.ts';
import { guard, logError } from '../util/guard.ts';
import { isProxy } from '../util/own-data.ts';
import { field, fieldsOf, objectField } from '../util/payload.ts';
import { passOn } from '../util/watch-result.ts';
import { type Attempt, readResponse } from './attempts.ts';
import type { Call, CallReference } from './call.ts';
import {
  callInProgress,
  currentCall,
  proceed,
  proceedHere,
  sendInside,
  workInContext,
} from './call-context.ts';
import { type CallEvent, isSentAgain } from './call-state.ts';
import { type Method, type MethodHolder, methodOf, privateSlot, resemble } from './reflect.ts';
import { type Stream, watchStream } from './stream.ts';
import { askForUsage, mayRefuseUsage, rememberRefusal } from './stream-usage.ts';

/**
 * Finds a call by an object of the SDK: the promise of the response, the value of that promise or, while the
 * SDK parses, the options.
 */
const calls = privateSlot<CallReference>();

/** `makeRequest` also exchanges tokens with OpenAI, before it calls `fetchWithTimeout`. */
export function wrapMakeRequest(original: Method): MethodHolder {
  return {
    makeRequest(...args) {
      const options = args[0];
      const active = activeContext();
      const call = currentCall(active);
      // A retry calls this again, and so may a call of another client.
      if (call === undefined || call.phase !== 'made' || call.client !== this)
        return proceed(undefined, active, original, this, args);
      call.apply('sent');
      args[0] = begin(call, options);
      const response = proceed(call, active, original, this, args) as Promise<unknown> | undefined;
      args[0] = options;
      return watchResponse(call, response, original, args);
    },
  };
}

function begin(call: Call, options: unknown): unknown {
  if (typeof field(options, 'then') === 'function')
    return Promise.resolve(options).then((resolved) => begin(call, resolved));
  call.begin(options);
  workInContext(call);
  const { observation } = call;
  let sent = options;
  if (observation?.changes?.usage) sent = guard('requesting usage', () => askForUsage(call, options)) ?? sent;
  const mark = observation?.changes?.mark;
  if (mark) sent = guard('adding the trace context', mark, sent, observation.context) ?? sent;
  call.options = sent;
  return sent;
}

/**
 * The program gets the promise with our handlers. If it got the SDK's own, our handlers would hide that a
 * rejection is unhandled.
 *
 * @param args what the program passed to `makeRequest`, to send its original request again
 */
function watchResponse(
  call: Call,
  response: Promise<unknown> | undefined,
  makeRequest: Method,
  args: readonly unknown[],
): unknown {
  // A subclass may return something other than a promise. The SDK then fails by itself.
  if (typeof response?.then !== 'function') {
    call.apply('abandoned');
    return response;
  }
  const take = (props: unknown): unknown => {
    if (!isSentAgain(call)) takeResponse(call, props);
    return props;
  };
  const carrier = response.then(take, (error) =>
    mayRefuseUsage(call, error)
      ? sendWithoutUsage(call, makeRequest, args).then(take, (again) => failRequest(call, again))
      : failRequest(call, error),
  );
  if (!call.indirect) call.carrier = carrier;
  return carrier;
}

function failRequest(call: Call, error: unknown): never {
  // A subclass may now send the program's original request, whose usage the program must see.
  if (!isSentAgain(call)) failCall(call, error);
  call.apply('usage dropped');
  throw error;
}

function failCall(call: Call, error: unknown): never {
  call.fail(error);
  throw error;
}

/** Sends the program's original request. If the server accepts it, our `stream_options` were to blame. */
async function sendWithoutUsage(call: Call, makeRequest: Method, args: readonly unknown[]): Promise<unknown> {
  call.apply('usage dropped');
  const props = await proceed(call, activeContext(), makeRequest, call.client, [...args]);
  guard('remembering refused usage', () => rememberRefusal(call.client));
  return props;
}

export function wrapFetch(original: Method): MethodHolder {
  return {
    fetchWithTimeout(...args) {
      const current = activeContext();
      const call = callInProgress(this, current);
      if (call === undefined) return original.apply(this, args);
      const attempt: Attempt = {
        startTime: call.now(),
        endTime: undefined,
        status: undefined,
        headers: undefined,
        error: undefined,
        sentURL: args[0],
        sentHeaders: field(args[1], 'headers'),
      };
      call.apply('attempted');
      call.attempts.add(attempt);
      return passOn(
        current === call.working
          ? original.apply(this, args)
          : sendInside(call, current, original, this, args),
        (response) => {
          attempt.endTime = call.now();
          try {
            readResponse(attempt, response);
          } catch (error) {
            logError('reading a response', error);
          }
          return response;
        },
        (error) => {
          attempt.endTime = call.now();
          attempt.error = error;
          throw error;
        },
      );
    },
  };
}

/** Wraps `retryRequest`, in which the SDK waits before it sends the request again. */
export function wrapRetry(original: Method): MethodHolder {
  return {
    retryRequest(...args) {
      const active = callInProgress(this, activeContext());
      const call = callBeingRetried(args[0], this, active);
      if (call === undefined) return original.apply(this, args);
      const { last } = call.attempts;
      if (last !== undefined) last.endTime = call.now();
      // While the SDK parses, the call's context is not active.
      return call === active ? original.apply(this, args) : proceedHere(call, original, this, args);
    },
  };
}

/**
 * The call whose request the SDK sends again, before or while it parses a response.
 *
 * @param active the client's call in the current context, which may be another call around this one
 */
function callBeingRetried(options: unknown, client: object, active: Call | undefined): Call | undefined {
  if (active?.options === options) return active;
  const parsed = calls.get(options)?.call;
  return parsed?.client === client ? parsed : active;
}

/**
 * Watches the promise that the SDK gives to the program and, inside it, the promise of the response. A
 * subclass may have replaced the one that we returned, for example to log in first. Then only the new one
 * counts.
 *
 * @param parsesInClient whether {@link wrapClientParse} sees the result
 */
export function watchCallPromise(promise: unknown, call: Call, parsesInClient: boolean): void {
  const { responsePromise: response, parseResponse: parse } = fieldsOf(promise);
  if (typeof response === 'object' && response !== null) {
    calls.set(response, call.reference);
    // A thenable of a subclass is left alone, because its `then` must not be called twice.
    const isReplaced = response instanceof Promise && response !== call.carrier;
    // An object that is watched for garbage collection must not be retained.
    call.carrier = isReplaced ? undefined : response;
    if (isReplaced) call.apply('replaced', response);
  }
  if (!parsesInClient && typeof parse === 'function')
    (promise as { parseResponse: Method }).parseResponse = watchingParse(parse as Method);
}

function takeResponse(call: Call, props: unknown): void {
  const { carrier } = call;
  call.carrier = undefined;
  if (typeof props === 'object' && props !== null) calls.set(props, call.reference);
  call.responded(field(props, 'response'), carrier);
}

/** Wraps `parseResponseWithTimeout`, which parses every response in late versions of openai 7. */
export function wrapClientParse(original: Method): MethodHolder {
  return {
    parseResponseWithTimeout(...args) {
      const call = calls.get(args[1])?.call;
      if (call === undefined) return original.apply(this, args);
      // The SDK may now send the request again, with these options. Two calls seldom share one options object.
      const options = field(args[1], 'options');
      if (typeof options === 'object' && options !== null) calls.set(options, call.reference);
      return watchParsed(call, args[1], original.apply(this, args));
    },
  };
}

const watchingParses = privateSlot<Method>();

/** Wraps the parse function that each promise has in all other versions. Most promises share one function. */
function watchingParse(original: Method): Method {
  const known = watchingParses.get(original);
  if (known !== undefined) return known;
  const parseResponse = methodOf({
    parseResponse(...args) {
      const props = args[args.length - 1];
      const call = calls.get(props)?.call;
      const parsed = Reflect.apply(original, this, args);
      return call === undefined ? parsed : watchParsed(call, props, parsed);
    },
  });
  watchingParses.set(original, resemble(original, parseResponse));
  // A wrapper is not wrapped again: one promise may serve many requests.
  watchingParses.set(parseResponse, parseResponse);
  return parseResponse;
}

function watchParsed(call: Call, props: unknown, parsed: unknown): unknown {
  call.apply('parsing');
  return passOn(
    parsed,
    (value) => {
      guard('reading a result', () => takeResult(call, value, props));
      return value;
    },
    (error) => failCall(call, error),
  );
}

/** Recognises the SDK's streams by their shape: each build of the SDK has its own class. */
export function isStream(value: unknown): value is Stream {
  const { iterator, controller } = fieldsOf(value);
  return typeof iterator === 'function' && typeof controller === 'object';
}

function takeResult(call: Call, value: unknown, props: unknown): void {
  const response = field(props, 'response');
  // The parser may have sent the request again.
  if (field(response, 'headers') !== call.headers) call.responded(response);
  if (isStream(value)) {
    call.apply('stream', value);
    // An open stream must not retain the request.
    call.options = undefined;
    watchStream(value, call);
  } else if (value === response) {
    call.apply('value', undefined);
  } else {
    const isPage = typeof field(value, 'getPaginatedItems') === 'function';
    call.apply('value', isPage ? objectField(value, 'body') : value);
  }
}

/** Wraps `parse`. Every method that returns the result calls it, before or after the response arrives. */
export function wrapParse(original: Method): MethodHolder {
  return {
    parse(...args) {
      const call = callOf(this);
      if (call !== undefined) ask(call, 'asked', this);
      return original.apply(this, args);
    },
  };
}

export function wrapAsResponse(original: Method): MethodHolder {
  return {
    asResponse(...args) {
      const call = callOf(this);
      // `withResponse` calls `parse` first, and then `asResponse`: the result is already being parsed.
      if (call !== undefined && field(this, 'parsedPromise') === undefined) {
        ask(call, 'claimed', this);
        if (!isForWatcher(this)) call.apply('raw asked');
      }
      return original.apply(this, args);
    },
  };
}

/**
 * Whether it is Sentry that calls `asResponse`, to learn of failures before the program has the promise. At
 * that time, Sentry has replaced the parser by a proxy, but not yet `asResponse`.
 */
function isForWatcher(promise: object): boolean {
  return isProxy(field(promise, 'parseResponse')) && !Object.hasOwn(promise, 'asResponse');
}

function ask(call: Call, event: CallEvent, promise: object): void {
  if (call.apply(event).includes('follow')) followReplacement(call, promise);
}

/**
 * Replaces the SDK's promise by a watched one, once the program asks for the result. With a second handler on
 * the SDK's promise, V8 would not find the code that waits for it, and stacks would end before the program.
 */
function followReplacement(call: Call, promise: object): void {
  const { responsePromise } = promise as { responsePromise: Promise<unknown> };
  const watched = responsePromise.then(
    (props) => {
      // A call in this phase made no request.
      if (call.phase !== 'made') guard('reading a response', () => takeResponse(call, props));
      return props;
    },
    (error) => failCall(call, error),
  );
  calls.set(watched, call.reference);
  Reflect.set(promise, 'responsePromise', watched);
}

function callOf(promise: object): Call | undefined {
  return calls.get(field(promise, 'responsePromise'))?.call;
}
