import { guard } from '../guard.ts';
import { passOn } from '../outcome.ts';
import { field, objectField } from '../payload.ts';
import { attached } from './attached.ts';
import type { Call } from './call.ts';
import { goOn } from './call-context.ts';
import { copyFunctionProperties, type Method } from './patches.ts';
import { isStream, watchStream } from './stream.ts';

/** Calls by the promise of their response, from which every derived promise of the SDK can be traced back. */
const callsByResponse = attached<Call>();
/** Calls by what that promise resolves to, which is what the SDK's parsing is handed. */
const callsByProps = attached<Call>();
const watchingParses = attached<Method>();

/** When the promise or stream that carries a result has been collected, nobody can ask for it any more. */
const lost = new FinalizationRegistry<Call>((call) => call.close('abandoned'));

/** The promise of a call's response has been made, from which every promise of its result is derived. */
export function watchResponsePromise(response: object, call: Call): void {
  callsByResponse.set(response, call);
  call.carrier = response;
}

/**
 * The response has come. A result that was asked for by then is parsed now; only one that was not may get lost, and
 * looking out for that costs more than the rest of what is done for a call.
 */
export function watchForLoss(call: Call): void {
  const { carrier } = call;
  call.carrier = undefined;
  if (carrier !== undefined && !call.asked && !call.settled) lost.register(carrier, call, call);
}

/** The response has come: what is made of it is the call's. */
export function watchProps(props: unknown, call: Call): void {
  if (typeof props === 'object' && props !== null) callsByProps.set(props, call);
}

/** The response has come: that is all of a call whose answer the program reads itself. */
export function endIfRaw(call: Call): void {
  // guard `if (call.rawRequested) `: every call ends with its headers
  if (call.rawRequested) closeRaw(call);
}

export function wrapClientParse(original: Method): Method {
  return function parseResponseWithTimeout(...args) {
    const call = callOfProps(args[1]);
    // guard: results that nobody observes cannot be parsed
    if (call === undefined) return original.apply(this, args);
    // Late openai 7 may send the request again while it parses.
    return watchParsed(call, args[1], goOn(call, original, this, args));
  };
}

/** What stands for a function that promises parse with: one for all promises that share it, as most do. */
export function watchingParse(original: Method): Method {
  const known = watchingParses.get(original);
  if (known !== undefined) return known;
  const parseResponse: Method = function (...args) {
    const props = args[args.length - 1];
    const call = callOfProps(props);
    const parsed = original.apply(this, args);
    return call === undefined ? parsed : watchParsed(call, props, parsed);
  };
  // guard: the SDK's way to parse changes its name and length
  copyFunctionProperties(original, parseResponse);
  watchingParses.set(original, parseResponse);
  return parseResponse;
}

function callOfProps(props: unknown): Call | undefined {
  return typeof props === 'object' && props !== null ? callsByProps.get(props) : undefined;
}

/** The program has asked for the result, which is being parsed. */
function watchParsed(call: Call, props: unknown, parsed: unknown): unknown {
  if (call.settled) return parsed;
  if (!call.asked) lost.unregister(call);
  return passOn(
    parsed,
    (value) => {
      // Parsing may have sent the request again.
      const response = field(props, 'response');
      if (field(response, 'headers') !== call.headers) call.responded(response);
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

/** All that gives the result asks for it here, before it is there or after. */
export function wrapParse(original: Method): Method {
  return function parse(...args) {
    const call = callOf(this);
    if (call?.carrier !== undefined) call.asked = true;
    return original.apply(this, args);
  };
}

export function wrapAsResponse(original: Method): Method {
  return function asResponse(...args) {
    const call = callOf(this);
    // `withResponse` asks for both: there the result is being parsed already.
    // guard ` && field(this, 'parsedPromise') === undefined`: `withResponse` ends the call before its result is read
    if (call !== undefined && !call.settled && field(this, 'parsedPromise') === undefined) {
      call.rawRequested = true;
      if (call.headersTime > 0) closeRaw(call);
    }
    return original.apply(this, args);
  };
}

function callOf(promise: object): Call | undefined {
  const response = field(promise, 'responsePromise');
  return typeof response === 'object' && response !== null ? callsByResponse.get(response) : undefined;
}

function closeRaw(call: Call): void {
  lost.unregister(call);
  call.close('raw');
}
