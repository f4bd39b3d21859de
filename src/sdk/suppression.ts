import { type Context, context, createContextKey } from '@opentelemetry/api';

/** The key of `suppressTracing` in `@opentelemetry/core`: the API makes equal keys from equal descriptions. */
const SUPPRESS_TRACING: symbol = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** A request of ours is being made right now: so much is known also where the program has no context manager. */
let making = false;

export function isSuppressed(context: Context): boolean {
  return making || context.getValue(SUPPRESS_TRACING) === true;
}

/** A context whose calls leave no span, metric or event. */
export function suppressed(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true);
}

/** Makes a request of the instrumentation's own, which leaves no telemetry. */
export function makeSuppressed<Result>(make: () => Result): Result {
  const outer = making;
  making = true;
  try {
    return context.with(suppressed(context.active()), make);
  } finally {
    making = outer;
  }
}
