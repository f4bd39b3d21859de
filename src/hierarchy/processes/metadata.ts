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
import { notice } from '../../diagnostics/report.ts';
import {
  asObject,
  field,
  isPlainObject,
  objectField,
  type PayloadObject,
  stringField,
} from '../../util/payload.ts';

/**
 * The API's limits for metadata: pairs, and characters of keys and values.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/createRun#runs-createrun-metadata
 */
const MAX_METADATA_PAIRS = 16;
const MAX_METADATA_KEY_LENGTH = 64;
const MAX_METADATA_VALUE_LENGTH = 512;
/** Some propagators look at every pair. A compatible server may accept more pairs than the API does. */
const MAX_CARRIER_PAIRS = 64;
/** A metadata key. Its value `true` says that the creator of the resource does not record the work on it. */
const HANDED_ON = 'otel-openai-handed-on';

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;
/** The format of both ids in W3C trace context. Ids are checked, whatever propagator has read them. */
const BOTH_IDS = /^[\da-f]{48}$/;

/**
 * Whether metadata with a trace context has room for {@link HANDED_ON}. A trace context without the mark
 * means that the creator records the work. Without either, the process that works on the resource records it.
 */
export function hasRoomForMark(body: unknown): boolean {
  const metadata = field(body, 'metadata') ?? {};
  if (!isPlainObject(body) || !isPlainObject(metadata)) return false;
  const hasContext = propagation.fields().some((name) => Object.hasOwn(metadata, name));
  return (
    !hasContext || Object.hasOwn(metadata, HANDED_ON) || Object.keys(metadata).length < MAX_METADATA_PAIRS
  );
}

/**
 * Adds the trace context to the metadata of the resource that a request creates, unless the program has added
 * one. The program's own options stay unchanged. Metadata that already has the mark was copied from another
 * resource: its context and mark are replaced.
 *
 * @param isHandedOn whether to add the mark
 */
export function addTraceContext(options: unknown, context: Context, isHandedOn: boolean): unknown {
  const body = objectField(options, 'body');
  const metadata = field(body, 'metadata') ?? {};
  if (!isPlainObject(body) || !isPlainObject(metadata)) return options;
  const carrier = traceContextOf(context);
  const mark = isHandedOn ? { [HANDED_ON]: 'true' } : {};
  const isCopied = Object.hasOwn(metadata, HANDED_ON);
  const hasContext = !isCopied && Object.keys(carrier).some((name) => Object.hasOwn(metadata, name));
  const added = { ...(hasContext ? {} : carrier), ...mark };
  if (!isCopied && Object.keys(added).length === 0) return options;
  const all = { ...(isCopied ? withoutContext(asObject(metadata)) : metadata), ...added };
  if (Object.keys(all).length > MAX_METADATA_PAIRS) {
    notice('metadata_full');
    return options;
  }
  return { ...asObject(options), body: { ...body, metadata: all } };
}

/** Removes the mark and the trace state: the new context may have no trace state to replace the old one. */
function withoutContext({ [HANDED_ON]: _, tracestate, ...others }: PayloadObject = {}): PayloadObject {
  return others;
}

/** What the registered propagator writes, without the program's baggage and without pairs that do not fit. */
export function traceContextOf(context: Context): Readonly<Record<string, string>> {
  const carrier: Record<string, string> = {};
  propagation.inject(propagation.deleteBaggage(context), carrier, {
    set(fields, name, value) {
      const fits =
        name.length <= MAX_METADATA_KEY_LENGTH && value !== '' && value.length <= MAX_METADATA_VALUE_LENGTH;
      if (fits) fields[name] = value;
    },
  });
  return carrier;
}

/**
 * The span that created an object, in any process, if the object's metadata names that span.
 *
 * @param isTrusted whether to keep more than the ids, which are all that a link needs. Flags and state could
 *   influence samplers that look at links
 */
export function spanContextIn(object: unknown, isTrusted: boolean): SpanContext | undefined {
  const metadata = objectField(object, 'metadata');
  if (!propagation.fields().some((name) => stringField(metadata, name) !== undefined)) return undefined;
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, metadata ?? {}, READ));
  if (context === undefined || !isSpanContextValid(context)) return undefined;
  const { traceId, spanId } = context;
  if (!BOTH_IDS.test(traceId + spanId)) return undefined;
  return isTrusted ? context : { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
}

const READ: TextMapGetter<PayloadObject> = {
  keys: (metadata) => Object.keys(metadata).slice(0, MAX_CARRIER_PAIRS),
  get(metadata, name) {
    const value = stringField(metadata, name);
    return value === undefined || value.length > MAX_METADATA_VALUE_LENGTH ? undefined : value;
  },
};

/**
 * Whether an object's creator records it: the metadata has a trace context and no mark that the object was
 * handed on. A `traceparent` counts even if this process has no propagator.
 */
export function hasRecordingCreator(object: unknown): boolean {
  const metadata = objectField(object, 'metadata');
  if (stringField(metadata, HANDED_ON) === 'true') return false;
  const [, traceId = '', spanId = ''] = TRACEPARENT.exec(stringField(metadata, 'traceparent') ?? '') ?? [];
  return (
    isSpanContextValid({ traceId, spanId, traceFlags: TraceFlags.NONE }) ||
    spanContextIn(object, false) !== undefined
  );
}
