import { type Context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { AdoptRuns, Settings } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import type { Call } from '../../sdk/call.ts';
import { HANDED_ON, hasRoomForMark } from '../../sdk/metadata-propagation.ts';
import { isPollHelper } from '../../sdk/resources.ts';
import { objectField, stringField } from '../../util/payload.ts';
import { dateOf } from '../operation-clock.ts';
import { activeSpan } from './conversation.ts';
import { spanContextIn, withoutFlags } from './metadata-context.ts';

type RecordingOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/**
 * Whether the process that creates something leaves it to the process that works on it. If so, the request says that in
 * the metadata. A process that reads a stream records what it created itself.
 *
 * @param isRun a run or a background response. A turn has no metadata, so the process that requests it records it
 */
export function handsOn(
  call: Call,
  { adoptRuns, propagateInMetadata }: RecordingOptions,
  isRun: boolean,
): boolean {
  if (adoptRuns === false) return false;
  if (propagateInMetadata) call.handsOn = isRun && !call.streamed && hasRoomForMark(call.body);
  else notice('adopts_unmarked');
  return call.handsOn;
}

/** Whether a request works on what it is about, rather than only looks at it. */
export function drives(
  call: Pick<Call, 'streamed' | 'requestHeaders' | 'context'>,
  outputs: readonly unknown[] = [],
): boolean {
  return call.streamed || isPollHelper(call) || outputs.length > 0;
}

/** What ended earlier may have been recorded, and forgotten since: a list shows it again and again. */
const MAX_ADOPTED_AGE_MS = 3_600_000;

/** What decides whether something is adopted, where the settings allow it. */
export interface Adoptable {
  readonly isDriven: boolean;
  /** When the server says that it ended. */
  readonly endedAt: number | undefined;
  /** Of the response that shows it, and when that came. */
  readonly headers: unknown;
  readonly time: number;
}

/** Whether this process records what another one handed on, or what one without instrumentation created. */
export function adopts({ adoptRuns }: Pick<Settings, 'adoptRuns'>, found: Adoptable): boolean {
  const { isDriven, endedAt, headers, time } = found;
  if (endedAt !== undefined && endedAt < (dateOf(headers) ?? time) - MAX_ADOPTED_AGE_MS) return false;
  return adoptRuns === 'polled' || (adoptRuns !== false && isDriven);
}

type TraceOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/** The shape of W3C trace context. */
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
  return withoutFlags(creator);
}

/** Whether trace and sampling are taken from metadata. */
function trusts(adoptRuns: AdoptRuns): boolean {
  return adoptRuns === true || adoptRuns === 'polled';
}

/**
 * Whether the metadata tells that the process which created something records it: that process put its trace context there, and
 * did not hand it on. A process without a propagator sees that too.
 */
export function hasRecordingCreator(value: unknown): boolean {
  const metadata = objectField(value, 'metadata');
  if (metadata === undefined || stringField(metadata, HANDED_ON) === 'true') return false;
  const [, traceId = '', spanId = ''] = TRACEPARENT.exec(stringField(metadata, 'traceparent') ?? '') ?? [];
  return (
    isSpanContextValid({ traceId, spanId, traceFlags: TraceFlags.NONE }) ||
    spanContextIn(metadata) !== undefined
  );
}

/** The same for something that this process created. It counts as remote, because its span may have ended. */
export function creatorIn(context: Context): SpanContext | undefined {
  const creator = trace.getSpanContext(context);
  return creator !== undefined && isSpanContextValid(creator) ? { ...creator, isRemote: true } : undefined;
}

/** Where something that is adopted is recorded, and what it is linked to. */
export interface Continuation {
  readonly context: Context;
  readonly link: SpanContext | undefined;
}

/**
 * It goes on in its creator's trace where no span is active and the creator is trusted. Otherwise it stands below the active
 * span, or begins a trace that this process's sampler decides on, with a link to its creator.
 */
function continueFrom(creator: SpanContext | undefined, context: Context, trusted: boolean): Continuation {
  return creator !== undefined && trusted && activeSpan(context) === undefined
    ? { context: trace.setSpanContext(context, creator), link: undefined }
    : { context, link: creator };
}

/**
 * Where something is recorded that this process does not record yet; `undefined` if it is not recorded here.
 *
 * @param found.isOwn whether this process created it, and handed it on
 */
export function placeAdopted(
  settings: Pick<Settings, 'adoptRuns'>,
  found: Adoptable & {
    readonly isOwn: boolean;
    readonly creator: SpanContext | undefined;
    readonly object: unknown;
    readonly context: Context;
  },
): Continuation | undefined {
  const { isOwn, creator, object, context } = found;
  if (!adopts(settings, found) || (!isOwn && hasRecordingCreator(object))) return undefined;
  return continueFrom(creator, context, isOwn || trusts(settings.adoptRuns));
}
