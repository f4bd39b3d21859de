import { now } from '../util/clock.ts';
import { guard } from '../util/guard.ts';
import { field } from '../util/payload.ts';
import { passOn } from '../util/watch-result.ts';
import { type Attempt, type Call, readResponse } from './call.ts';
import { callUnderWay, currentCall, goOn } from './call-context.ts';
import { addTraceContext } from './metadata-propagation.ts';
import type { Method } from './patches.ts';
import { asMethod } from './reflect.ts';
import { takeResponse } from './response-wrappers.ts';
import { askForUsage } from './stream-usage.ts';

/** Sees the final options of a call, and its response. */
export function wrapMakeRequest(original: Method): Method {
  return asMethod({
    makeRequest(...args) {
      const [options] = args;
      const call = currentCall();
      // A call that has begun comes by again when the SDK retries it.
      // guard `call === undefined || `: requests that nobody observes fail
      // guard `call.begun || `: a retry begins the call again
      // guard ` || call.client !== this`: a call that another client makes meanwhile is taken for this one
      if (call === undefined || call.begun || call.client !== this) return original.apply(this, args);
      call.begun = true;
      const begin = (resolved: unknown): unknown => {
        call.begin(resolved);
        if (!call.wantsUsage && !call.propagates) return resolved;
        const asking = guard('asking for usage', askForUsage, call, resolved) ?? resolved;
        return guard('adding the trace context', addTraceContext, call, asking) ?? asking;
      };
      // guard `typeof field(options, 'then') === 'function' ? Promise.resolve(options).then(begin) : `: options that are promised are read before they are there
      args[0] =
        typeof field(options, 'then') === 'function' ? Promise.resolve(options).then(begin) : begin(options);
      return watchResponse(call, goOn(call, original, this, args) as Promise<unknown> | undefined);
    },
  });
}

/** Passes the SDK's promise through: a handler on the side would hide that nobody handled a rejection. */
function watchResponse(call: Call, response: Promise<unknown> | undefined): unknown {
  // The SDK asks what it is given itself, and fails where that is nothing to ask.
  // guard: a program's own way to make requests fails otherwise than without us
  if (typeof response?.then !== 'function') {
    call.close('abandoned');
    return response;
  }
  const carrier = response.then(
    (props) => {
      // guard `if (!(call.indirect && call.asked)) `: what a subclass sends again after an answer is not seen
      if (!(call.indirect && call.asked)) takeResponse(call, props);
      return props;
    },
    (error) => {
      // guard `if (!(call.indirect && call.asked)) `: what a subclass sends again after a failure is not seen
      if (!(call.indirect && call.asked)) call.fail(error);
      // guard: a call that failed gives the program nothing instead of its error
      throw error;
    },
  );
  if (!call.indirect) call.carrier = carrier;
  return carrier;
}

/** Sees each attempt of a call. */
export function wrapFetch(original: Method): Method {
  return asMethod({
    fetchWithTimeout(...args) {
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
      call.attempted(attempt);
      call.sentHeaders = field(args[1], 'headers');
      return passOn(
        original.apply(this, args),
        (response) => {
          attempt.endTime = now();
          guard('reading a response', readResponse, attempt, response);
          return response;
        },
        (error) => {
          attempt.endTime = now();
          attempt.error = error;
          // guard: the SDK does not see that an attempt failed
          throw error;
        },
      );
    },
  });
}

/** The SDK waits in here before it sends the request again. */
export function wrapRetry(original: Method): Method {
  return asMethod({
    retryRequest(...args) {
      const attempt = callUnderWay(this)?.attempts.at(-1);
      // guard `if (attempt !== undefined) `: retries that nobody observes fail
      if (attempt !== undefined) attempt.endTime = now();
      return original.apply(this, args);
    },
  });
}
