import { type Context, createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../util/context.ts';

/** The key of `suppressTracing` in `@opentelemetry/core`: the API creates equal keys for equal descriptions. */
const SUPPRESS_TRACING: symbol = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** A request of our own is being made: this works without a context manager, too. */
let makingOwnRequest = false;

export function isSuppressed(context: Context): boolean {
  return makingOwnRequest || context.getValue(SUPPRESS_TRACING) === true;
}

/** A context whose calls record no telemetry. */
export function suppressed(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true);
}

/** Makes a request of the instrumentation's own, which records no telemetry. */
export function makeSuppressed<Result>(make: () => Result): Result {
  const outer = makingOwnRequest;
  makingOwnRequest = true;
  try {
    return runIn(suppressed(activeContext()), make);
  } finally {
    makingOwnRequest = outer;
  }
}
