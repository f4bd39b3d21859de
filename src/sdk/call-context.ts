import { type Context, context } from '@opentelemetry/api';
import { LinkedContext } from '../util/linked-context.ts';
import type { Call } from './call.ts';
import type { Method } from './patches.ts';
import { isSuppressed } from './suppression.ts';

/** The call that a context belongs to. No key of the API's: those are equal in all copies of this package, calls are not. */
const CALL: symbol = Symbol('opentelemetry-instrumentation-openai call');

/**
 * The context that the SDK works in for one call: that of its caller, and once the call has begun that of its span.
 * One object stands for both, so that a call enters one context, and no values are copied for it.
 */
export class CallContext implements Context {
  readonly #call: Call;
  #values: Context;

  constructor(call: Call, caller: Context) {
    this.#call = call;
    this.#values = caller;
  }

  /** The call has begun: from here on all of its work is done in the given context. */
  enter(values: Context): void {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return key === CALL ? this.#call : this.#values.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#copy().deleteValue(key);
  }

  #copy(): Context {
    return LinkedContext.of(this.#values).setValue(CALL, this.#call);
  }
}

/**
 * The call that is being made right now. Often the SDK gets from one method to the next at once, so that calls are
 * found also where the program has no context manager.
 */
let making: Call | undefined;

/** Calls a method of the SDK that makes the request of a call. */
export function make(call: Call, method: Method, client: object, args: unknown[]): unknown {
  const outer = making;
  making = call;
  try {
    return goOn(call, method, client, args);
  } finally {
    making = outer;
  }
}

/** Calls a method of the SDK in the context of a call. */
export function goOn({ working }: Call, method: Method, client: object, args: unknown[]): unknown {
  return working === undefined || context.active() === working
    ? method.apply(client, args)
    : context.with(working, method, client, ...args);
}

/** The call that is made in the current context, whether or not it has begun. */
export function currentCall(): Call | undefined {
  return making ?? (context.active().getValue(CALL) as Call | undefined);
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
