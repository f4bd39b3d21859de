import { type Context, context, createContextKey } from '@opentelemetry/api';
import type { Call } from './call.ts';
import { isSuppressed } from './suppression.ts';

/** The call that the current context belongs to. */
const CALL: symbol = createContextKey('opentelemetry-instrumentation-openai call');

/**
 * The call that is being made right now. Nearly always the SDK gets from one method to the next at once, so that
 * calls are found also where the program has no context manager.
 */
let making: Call | undefined;

export function whileMaking<Result>(call: Call, make: () => Result): Result {
  const outer = making;
  making = call;
  try {
    return make();
  } finally {
    making = outer;
  }
}

/** The call that is made in the current context, whether or not it has begun. */
export function currentCall(): Call | undefined {
  return making ?? (context.active().getValue(CALL) as Call | undefined);
}

/** A context that belongs to a call. */
export function contextWith(call: Call, active: Context): Context {
  return active.setValue(CALL, call);
}

/** The context that a call's own work runs in. */
export function contextOf(call: Call): Context {
  return contextWith(call, call.context);
}

/** The call that the client is at work on: a suppressed one may run inside of it, as one of a custom fetch. */
export function callUnderWay(client: object): Call | undefined {
  const active = context.active();
  const call = active.getValue(CALL) as Call | undefined;
  // guard ` || call.settled`: attempts are added to a call that is over
  // guard ` || call.client !== client`: what another client sends meanwhile counts as an attempt
  // guard ` || isSuppressed(active)`: a suppressed request inside of a call counts as its attempt
  if (call === undefined || call.settled || call.client !== client || isSuppressed(active)) return undefined;
  return call;
}
