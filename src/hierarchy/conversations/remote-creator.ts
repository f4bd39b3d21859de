import { type Context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { AdoptRuns, Settings } from '../../config/config.ts';
import { HANDED_ON } from '../../sdk/metadata-propagation.ts';
import { objectField, stringField } from '../../util/payload.ts';
import { spanContextIn, withoutFlags } from './metadata-context.ts';
import { type Adoptable, adopts } from './ownership.ts';
import { activeSpan } from './segment.ts';

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
