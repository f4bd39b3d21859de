import { type Context, createContextKey } from '@opentelemetry/api';

/** The key of `suppressTracing` in `@opentelemetry/core`: the API makes equal keys from equal descriptions. */
const SUPPRESS_TRACING: symbol = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

export function isSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING) === true;
}

/** A context whose calls leave no span, metric or event: for requests of the instrumentation's own. */
export function suppressed(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true);
}
