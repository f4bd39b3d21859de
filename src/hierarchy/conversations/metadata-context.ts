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

/** The API's limit for a metadata value. A compatible server may accept longer values. */
const MAX_CARRIER_VALUE_LENGTH = 512;
/** Some propagators look at every pair. The API accepts only 16 pairs, a compatible server perhaps more. */
const MAX_CARRIER_PAIRS = 64;
/** The formats of the ids in W3C trace context. Ids are checked, whatever propagator has read them. */
const TRACE_ID = /^[\da-f]{32}$/;
const SPAN_ID = /^[\da-f]{16}$/;

export function spanContextIn(metadata: PayloadObject): SpanContext | undefined {
  if (!propagation.fields().some((name) => stringField(metadata, name) !== undefined)) return undefined;
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, metadata, READ));
  return context !== undefined && hasIds(context) ? context : undefined;
}

/** Keeps only the ids, which are all that a link needs. Flags and state could influence samplers that look at links. */
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
