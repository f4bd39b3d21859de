import { type Context, propagation } from '@opentelemetry/api';
import { notice } from '../diagnostics/report.ts';
import { asObject, field, isPlainObject, objectField, type PayloadObject } from '../util/payload.ts';
import type { CallObservation } from './call.ts';

/**
 * The API's limits for metadata: pairs, and characters of keys and values.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/createRun#runs-createrun-metadata
 */
const MAX_METADATA_PAIRS = 16;
const MAX_METADATA_KEY_LENGTH = 64;
const MAX_METADATA_VALUE_LENGTH = 512;

/** A metadata key. Its value `true` says that the creator of the resource does not record the work on it. */
export const HANDED_ON = 'otel-openai-handed-on';

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
 * Adds the call's trace context to the metadata of the resource that the request creates, unless the program
 * has added one. Adds the mark if the observer wants it. The program's own options stay unchanged. Metadata
 * that already has the mark was copied from another resource: its context and mark are replaced.
 */
export function addTraceContext(
  { context, changes, handsOn }: Pick<CallObservation, 'context' | 'changes' | 'handsOn'>,
  options: unknown,
): unknown {
  if (!changes?.metadata) return options;
  const body = objectField(options, 'body');
  const metadata = field(body, 'metadata') ?? {};
  if (!isPlainObject(body) || !isPlainObject(metadata)) return options;
  const carrier = traceContextOf(context);
  const mark = handsOn ? { [HANDED_ON]: 'true' } : {};
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
