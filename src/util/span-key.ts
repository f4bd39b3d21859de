import { type Context, createContextKey, trace } from '@opentelemetry/api';

/** The key of the active span, which the API does not export. */
export const SPAN_KEY: symbol = findSpanKey();

function findSpanKey(): symbol {
  let found = createContextKey('OpenTelemetry Context Key SPAN');
  const probe: Context = {
    getValue: () => undefined,
    setValue: () => probe,
    deleteValue: (key) => {
      found = key;
      return probe;
    },
  };
  trace.deleteSpan(probe);
  return found;
}
