import { activeContext } from '../util/context.ts';
import { guard, logError } from '../util/guard.ts';
import { field } from '../util/payload.ts';
import { passOn } from '../util/watch-result.ts';
import {
  type Attempt,
  type Call,
  callInProgress,
  currentCall,
  goOn,
  goOnHere,
  readResponse,
  sendInside,
} from './call.ts';
import { addTraceContext } from './metadata-propagation.ts';
import type { Method } from './patches.ts';
import { asMethod } from './reflect.ts';
import { callBeingRetried, takeResponse } from './response-wrappers.ts';
import { askForUsage, mayRefuseUsage, rememberRefusal } from './stream-usage.ts';

/** Wraps `makeRequest`, which sees the final options of a call and its response. */
export function wrapMakeRequest(original: Method): Method {
  return asMethod({
    makeRequest(...args) {
      const options = args[0];
      const call = currentCall();
      // A retry passes here again.
      // Without `call === undefined || `, unobserved requests fail.
      // Without `call.begun || `, a retry begins the call again.
      // Without ` || call.client !== this`, the call of another client is taken for this one.
      if (call === undefined || call.begun || call.client !== this) return original.apply(this, args);
      call.begun = true;
      args[0] = beginWhenResolved(call, options);
      const response = goOn(call, original, this, args) as Promise<unknown> | undefined;
      args[0] = options;
      return watchResponse(call, response, original, args);
    },
  });
}

function beginWhenResolved(call: Call, options: unknown): unknown {
  // Without this, promised options are read before they resolve.
  if (typeof field(options, 'then') === 'function')
    return Promise.resolve(options).then((resolved) => beginRequest(call, resolved));
  return beginRequest(call, options);
}

/** @returns the options to send: the program's own, unless something is added to them */
function beginRequest(call: Call, options: unknown): unknown {
  call.begin(options);
  call.options = call.wantsUsage || call.propagates ? withAdditions(call, options) : options;
  return call.options;
}

function withAdditions(call: Call, options: unknown): unknown {
  const withUsage = guard('requesting usage', askForUsage, call, options) ?? options;
  return guard('adding the trace context', addTraceContext, call, withUsage) ?? withUsage;
}

/**
 * Chains onto the SDK's promise: a handler on the side would hide an unhandled rejection from the program.
 *
 * @param args what the program passed to `makeRequest`, to send its original request again
 */
function watchResponse(
  call: Call,
  response: Promise<unknown> | undefined,
  makeRequest: Method,
  args: readonly unknown[],
): unknown {
  // A subclass may return something else than a promise, on which the SDK then fails by itself.
  // Without this, such a subclass fails in another way than without us.
  if (typeof response?.then !== 'function') {
    call.close('abandoned');
    return response;
  }
  const carrier = response.then(
    (props) => takeProps(call, props),
    (error) =>
      // Without `mayRefuseUsage(call, error) ? sendWithoutUsage(call, makeRequest, args) : `, a server that knows no stream_options breaks every stream.
      mayRefuseUsage(call, error) ? sendWithoutUsage(call, makeRequest, args) : failCall(call, error),
  );
  if (!call.indirect) call.carrier = carrier;
  return carrier;
}

function takeProps(call: Call, props: unknown): unknown {
  // Without `if (!(call.indirect && call.requested)) `, a request that a subclass repeats after a response is missed.
  if (!(call.indirect && call.requested)) takeResponse(call, props);
  return props;
}

function failCall(call: Call, error: unknown): never {
  // Without `if (!(call.indirect && call.requested)) `, a request that a subclass repeats after a failure is missed.
  if (!(call.indirect && call.requested)) call.fail(error);
  // Without this, a failed call resolves to `undefined`.
  throw error;
}

/** The program gets the answer to its original request. If the server accepts that one, it rejected our addition. */
async function sendWithoutUsage(call: Call, makeRequest: Method, args: readonly unknown[]): Promise<unknown> {
  call.hidesUsage = false;
  let props: unknown;
  try {
    props = await goOn(call, makeRequest, call.client, [...args]);
  } catch (error) {
    return failCall(call, error);
  }
  guard('remembering refused usage', rememberRefusal, call.client);
  return takeProps(call, props);
}

/** Wraps `fetchWithTimeout`, which sees each attempt of a call. */
export function wrapFetch(original: Method): Method {
  return asMethod({
    fetchWithTimeout(...args) {
      const current = activeContext();
      const call = callInProgress(this, current);
      // Without this, unobserved attempts fail.
      if (call === undefined) return original.apply(this, args);
      const attempt: Attempt = {
        startTime: call.now(),
        endTime: undefined,
        status: undefined,
        headers: undefined,
        error: undefined,
      };
      call.attempted(attempt);
      call.sentHeaders = field(args[1], 'headers');
      call.sentURL = args[0];
      return passOn(
        current === call.working
          ? original.apply(this, args)
          : sendInside(call, current, original, this, args),
        (response) => {
          attempt.endTime = call.now();
          // Without this, a response that cannot be read breaks the call.
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
          // Without this, the SDK misses that an attempt failed.
          throw error;
        },
      );
    },
  });
}

/** Wraps `retryRequest`, in which the SDK waits before it sends the request again. */
export function wrapRetry(original: Method): Method {
  return asMethod({
    retryRequest(...args) {
      const active = callInProgress(this, activeContext());
      const call = callBeingRetried(args[0], this, active);
      // Without this, unobserved retries fail.
      if (call === undefined) return original.apply(this, args);
      if (call.lastAttempt !== undefined) call.lastAttempt.endTime = call.now();
      // The SDK parses outside of the call's context.
      return call === active ? original.apply(this, args) : goOnHere(call, original, this, args);
    },
  });
}
