import { type Context, trace } from '@opentelemetry/api';
import { activeContext, isSuppressed, LinkedContext, runIn, SPAN_KEY } from '../util/context.ts';
import { withoutPropagated } from '../util/propagated-baggage.ts';
import type { Call } from './call.ts';
import type { Method } from './reflect.ts';

/** Each copy of this package has its own key: `createContextKey` would return the same one to all copies. */
const CALL: symbol = Symbol('opentelemetry-instrumentation-openai call');

/**
 * Makes the SDK work in `call.context`: in the caller's context until the call begins, then in that of its span. One
 * object serves both. A foreign context gets the call through its own `setValue`.
 */
export function workInContext(call: Call): void {
  const { working, context } = call;
  if (working instanceof LinkedContext) working.moveBelow(context);
  else call.working = LinkedContext.add(context, CALL, call);
}

/**
 * The call that the SDK is making at this moment. It leads to the call even without a context manager,
 * because the SDK's methods mostly call each other synchronously.
 */
let callBeingMade: Call | undefined;

/** Runs the SDK's method that makes the call, before the call begins. Later methods {@link proceed}. */
export function make(call: Call, method: Method, client: object, args: unknown[]): unknown {
  const outer = callBeingMade;
  callBeingMade = call;
  try {
    return runIn(call.working ?? call.caller, method, client, args);
  } finally {
    callBeingMade = outer;
  }
}

/**
 * Runs the SDK's method that sends a request, in the call's context if there is a call. What `withMetadata` propagates
 * to the program's own services is left out of that context.
 */
export function proceed(
  call: Call | undefined,
  active: Context,
  method: Method,
  client: object,
  args: unknown[],
): unknown {
  const context = withoutPropagated(call?.working ?? active);
  return context === active ? method.apply(client, args) : runIn(context, method, client, args);
}

/** Unlike {@link proceed}, keeps the active context's values. Only the call and its span are replaced. */
export function proceedHere(call: Call, method: Method, client: object, args: unknown[]): unknown {
  const span = call.working?.getValue(SPAN_KEY);
  const active = activeContext();
  const placed =
    span === undefined ? active.deleteValue(SPAN_KEY) : LinkedContext.add(active, SPAN_KEY, span);
  return runIn(LinkedContext.add(placed, CALL, call), method, client, args);
}

/**
 * Sends an attempt while another context than the call's own is active. If that has the caller's span, as
 * with Sentry, Datadog and New Relic, the call's span replaces that one.
 */
export function sendInside(
  call: Call,
  active: Context,
  method: Method,
  client: object,
  args: unknown[],
): unknown {
  return spanIdIn(active) === spanIdIn(call.caller)
    ? proceedHere(call, method, client, args)
    : method.apply(client, args);
}

function spanIdIn(context: Context): string | undefined {
  return trace.getSpanContext(context)?.spanId;
}

export function currentCall(active: Context): Call | undefined {
  return callBeingMade ?? (active.getValue(CALL) as Call | undefined);
}

/** This client's unsettled call in the active context, unless a custom `fetch` makes a suppressed request. */
export function callInProgress(client: object, active: Context): Call | undefined {
  const call = active.getValue(CALL) as Call | undefined;
  if (call === undefined || call.outcome !== undefined || call.client !== client) return undefined;
  // The call's own context is never suppressed.
  return active !== call.working && isSuppressed(active) ? undefined : call;
}
