import {
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { type PayloadObject, stringField } from '../../util/payload.ts';

/** The API takes no longer values; a compatible server may. */
const MAX_CARRIER_VALUE_LENGTH = 512;
/** The API takes 16 pairs. Some propagators look at each. */
const MAX_CARRIER_PAIRS = 64;
/** The shapes of W3C trace context, whatever propagator has read the ids. */
const TRACE_ID = /^[\da-f]{32}$/;
const SPAN_ID = /^[\da-f]{16}$/;

/** Reads the span context that the registered propagator wrote. */
export function spanContextIn(metadata: PayloadObject): SpanContext | undefined {
  if (!propagation.fields().some((name) => stringField(metadata, name) !== undefined)) return undefined;
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, metadata, READ));
  return context !== undefined && hasIds(context) ? context : undefined;
}

/** What a link needs: the ids. Flags and state are for samplers, which may look at links. */
export function withoutFlags({ traceId, spanId }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
}

function hasIds(creator: SpanContext): boolean {
  return isSpanContextValid(creator) && TRACE_ID.test(creator.traceId) && SPAN_ID.test(creator.spanId);
}

const READ: TextMapGetter<PayloadObject> = {
  keys: (metadata) => Object.keys(metadata).slice(0, MAX_CARRIER_PAIRS),
  get(metadata, name) {
    const value = stringField(metadata, name);
    return value === undefined || value.length > MAX_CARRIER_VALUE_LENGTH ? undefined : value;
  },
};
