import { copyFunctionProperties } from '../util/function-properties.ts';
import { guard } from '../util/guard.ts';
import { field, fieldsOf, objectField } from '../util/payload.ts';
import { passOn } from '../util/watch-result.ts';
import type { Call } from './call.ts';
import { goOn } from './call-context.ts';
import type { Method } from './patches.ts';
import { attached } from './private-slot.ts';
import { asMethod, isObject } from './reflect.ts';
import { isStream, watchStream } from './stream.ts';

/** Calls by the promise of their response, from which every derived promise of the SDK can be traced back. */
const callsByResponse = attached<Call>();
/** Calls by what that promise resolves to, which is what the SDK's parsing is handed. */
const callsByProps = attached<Call>();
const watchingParses = attached<Method>();

/** When the promise or stream that carries a result has been collected, nobody can ask for it any more. */
const lost = new FinalizationRegistry<Call>((call) => call.close('abandoned'));

/**
 * The promise of a call's response has been made, from which every promise of its result is derived. Where it is not that
 * of the request, somebody makes of requests what they like: a subclass, a login. What that comes to is the call's.
 */
export function watchResponsePromise(response: object, call: Call): void {
  callsByResponse.set(response, call);
  // guard `response instanceof Promise && `: what is no promise is asked twice
  call.indirect = response instanceof Promise && response !== call.carrier;
  if (call.indirect) lost.register(response, call, call);
  // What is looked out for must not be held.
  call.carrier = call.indirect ? undefined : response;
}

/**
 * The response has come: what is made of it is the call's. A result that was asked for by then is parsed now; only one
 * that was not may get lost, and looking out for that costs more than the rest of what is done for a call.
 */
export function takeResponse(call: Call, props: unknown): void {
  const { carrier } = call;
  call.carrier = undefined;
  call.responded(field(props, 'response'));
  if (isObject(props)) guard('watching a response', callsByProps.set, props, call);
  // That is all of a call whose answer the program reads itself.
  // guard `if (call.rawRequested) `: every call ends with its headers
  if (call.rawRequested) closeRaw(call);
  if (carrier !== undefined && !call.asked && !call.settled) lost.register(carrier, call, call);
}

export function wrapClientParse(original: Method): Method {
  return asMethod({
    parseResponseWithTimeout(...args) {
      const call = callOfProps(args[1]);
      // guard: results that nobody observes cannot be parsed
      if (call === undefined) return original.apply(this, args);
      // Late openai 7 may send the request again while it parses.
      return watchParsed(call, args[1], goOn(call, original, this, args));
    },
  });
}

/** What stands for a function that promises parse with: one for all promises that share it, as most do. */
export function watchingParse(original: Method): Method {
  const known = watchingParses.get(original);
  if (known !== undefined) return known;
  const parseResponse = asMethod({
    parseResponse(...args) {
      const props = args[args.length - 1];
      const call = callOfProps(props);
      const parsed = original.apply(this, args);
      return call === undefined ? parsed : watchParsed(call, props, parsed);
    },
  });
  // guard: the SDK's way to parse changes its name and length
  copyFunctionProperties(original, parseResponse);
  watchingParses.set(original, parseResponse);
  // Who gives one promise for many requests has it watched once.
  watchingParses.set(parseResponse, parseResponse);
  return parseResponse;
}

function callOfProps(props: unknown): Call | undefined {
  return isObject(props) ? callsByProps.get(props) : undefined;
}

/** The program has asked for the result, which is being parsed. */
function watchParsed(call: Call, props: unknown, parsed: unknown): unknown {
  if (call.settled) return parsed;
  if (!call.asked) lost.unregister(call);
  return passOn(
    parsed,
    (value) => {
      // Parsing may have sent the request again.
      guard('reading a response', takeNewResponse, call, props);
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

function takeNewResponse(call: Call, props: unknown): void {
  const { response } = fieldsOf(props);
  if (fieldsOf(response).headers !== call.headers) call.responded(response);
}

function takeResult(call: Call, value: unknown, props: unknown): void {
  if (isStream(value)) {
    call.streamed = true;
    lost.register(value, call, call);
    watchStream(value, call, (iterator) => {
      lost.unregister(call);
      lost.register(iterator, call, call);
    });
  } else if (value === fieldsOf(props).response) {
    call.succeed(undefined);
  } else {
    call.succeed(
      typeof fieldsOf(value).getPaginatedItems === 'function' ? objectField(value, 'body') : value,
    );
  }
}

/** All that gives the result asks for it here, before it is there or after. */
export function wrapParse(original: Method): Method {
  return asMethod({
    parse(...args) {
      const call = callOf(this);
      if (call?.carrier !== undefined) call.asked = true;
      if (call?.indirect === true) watchIndirect(call, this);
      return original.apply(this, args);
    },
  });
}

export function wrapAsResponse(original: Method): Method {
  return asMethod({
    asResponse(...args) {
      const call = callOf(this);
      // `withResponse` asks for both: there the result is being parsed already.
      // guard ` && field(this, 'parsedPromise') === undefined`: `withResponse` ends the call before its result is read
      if (call !== undefined && !call.settled && field(this, 'parsedPromise') === undefined) {
        if (call.indirect) watchIndirect(call, this);
        call.rawRequested = true;
        if (call.headersTime > 0) closeRaw(call);
      }
      return original.apply(this, args);
    },
  });
}

/** Once the program asks, it has a handler of its own on the promise: another one hides no rejection from it. */
function watchIndirect(call: Call, promise: object): void {
  if (call.asked) return;
  call.asked = true;
  lost.unregister(call);
  // Nobody wants to know of a call that has not begun: the program made no request.
  (promise as { responsePromise: Promise<unknown> }).responsePromise.then(
    (props) => call.begun && takeResponse(call, props),
    (error) => call.fail(error),
  );
}

function callOf(promise: object): Call | undefined {
  const response = field(promise, 'responsePromise');
  return isObject(response) ? callsByResponse.get(response) : undefined;
}

function closeRaw(call: Call): void {
  lost.unregister(call);
  call.close('raw');
}
