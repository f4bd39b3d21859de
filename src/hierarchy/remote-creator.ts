import {
  type Context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { AdoptRuns, Settings } from '../config/config.ts';
import { HANDED_ON } from '../sdk/metadata-propagation.ts';
import { objectField, type PayloadObject, stringField } from '../util/payload.ts';
import { activeSpan } from './segment.ts';

type TraceOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/** The API takes no longer values; a compatible server may. */
const MAX_CARRIER_VALUE_LENGTH = 512;
/** The API takes 16 pairs. Some propagators look at each. */
const MAX_CARRIER_PAIRS = 64;
/** The shapes of W3C trace context, whatever propagator has read the ids. */
const TRACE_ID = /^[\da-f]{32}$/;
const SPAN_ID = /^[\da-f]{16}$/;
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;

/**
 * Where something was created, in whatever process, as far as its metadata tells: see `propagateInMetadata`. End
 * users and gateways may write metadata, so it is read only where an option asks for it.
 */
export function creatorOf(
  value: unknown,
  { adoptRuns, propagateInMetadata }: TraceOptions,
): SpanContext | undefined {
  if (adoptRuns === false && !propagateInMetadata) return undefined;
  const metadata = objectField(value, 'metadata');
  const creator = metadata === undefined ? undefined : spanContextIn(metadata);
  if (creator === undefined || trusts(adoptRuns)) return creator;
  // A link needs the ids. Flags and state are for samplers, which may look at links.
  const { traceId, spanId } = creator;
  return { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
}

/** Whether trace and sampling are taken from metadata. */
export function trusts(adoptRuns: AdoptRuns): boolean {
  return adoptRuns === true || adoptRuns === 'polled';
}

/**
 * Whether the metadata tells that the process which created something draws it: that process put its trace context there, and
 * did not hand it on. A process without a propagator sees that too.
 */
export function hasDrawingCreator(value: unknown): boolean {
  const metadata = objectField(value, 'metadata');
  if (metadata === undefined || stringField(metadata, HANDED_ON) === 'true') return false;
  const [, traceId = '', spanId = ''] = TRACEPARENT.exec(stringField(metadata, 'traceparent') ?? '') ?? [];
  return (
    isSpanContextValid({ traceId, spanId, traceFlags: TraceFlags.NONE }) ||
    spanContextIn(metadata) !== undefined
  );
}

/** The same of something that this process has created, remote since nobody is told when that span ends. */
export function creatorIn(context: Context): SpanContext | undefined {
  const creator = trace.getSpanContext(context);
  return creator !== undefined && isSpanContextValid(creator) ? { ...creator, isRemote: true } : undefined;
}

/** Where something that is adopted is drawn, and what it is linked to. */
export interface Continuation {
  readonly context: Context;
  readonly link: SpanContext | undefined;
}

/**
 * It goes on in its creator's trace where no span is active and the creator is trusted. Otherwise it stands below the active
 * span, or begins a trace that this process's sampler decides on, with a link to its creator.
 */
export function continueFrom(
  creator: SpanContext | undefined,
  context: Context,
  trusted: boolean,
): Continuation {
  return creator !== undefined && trusted && activeSpan(context) === undefined
    ? { context: trace.setSpanContext(context, creator), link: undefined }
    : { context, link: creator };
}

/** Reads the span context that the registered propagator wrote. */
function spanContextIn(metadata: PayloadObject): SpanContext | undefined {
  if (!propagation.fields().some((name) => stringField(metadata, name) !== undefined)) return undefined;
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, metadata, READ));
  return context !== undefined && hasIds(context) ? context : undefined;
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
