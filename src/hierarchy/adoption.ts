import { type Context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { AdoptRuns, Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import { HANDED_ON, hasRoomForMark } from '../sdk/metadata-propagation.ts';
import type { Endpoint } from '../sdk/provider.ts';
import { isPollHelper } from '../sdk/resources.ts';
import { objectField, stringField } from '../util/payload.ts';
import { activeSpan } from './conversations/conversation.ts';
import { spanContextIn, withoutFlags } from './conversations/metadata-context.ts';
import type { InvocationSnapshot } from './dialect.ts';
import type { AgentInvocation, InvocationStart } from './invocations/agent-invocation.ts';
import { dateOf, OperationClock } from './operation-clock.ts';
import type { ConversationTracker } from './tracker.ts';

/*
 * Several processes may work on the same run or response. The process that creates it records it. If that
 * process hands it on or is not instrumented, another process may adopt it.
 */

type RecordingOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/**
 * Whether the process hands on what the call creates. It never hands on what it streams.
 *
 * @param isRun true for a run or a background response. A turn has no metadata, so its requester records it
 */
export function handsOn(call: ReadonlyCall, settings: RecordingOptions, isRun: boolean): boolean {
  if (settings.adoptRuns === false) return false;
  if (settings.propagateInMetadata) return isRun && !call.streamed && hasRoomForMark(call.body);
  notice('adopts_unmarked');
  return false;
}

/** Reading a run or response once does not count as work on it. */
export function worksOn(call: ReadonlyCall, outputs: readonly unknown[] = []): boolean {
  return call.streamed || isPollHelper(call) || outputs.length > 0;
}

/** When and how an API object was seen: by a call of the program, or by one of our own reads. */
export interface Observation {
  readonly endpoint: Endpoint;
  /** The caller's context, or the root context for a background read. */
  readonly context: Context;
  readonly call: Pick<ReadonlyCall, 'startTime' | 'ownClock' | 'headers' | 'headersTime'>;
  readonly time: number;
  /** Whether the object shows the present state, as in the event of a stream. */
  readonly live: boolean;
  readonly isWorkedOn: boolean;
  timeFor(invocation: AgentInvocation, time?: number): number;
  /** The open invocation with this id, if this process records it. A paused one continues in a new span. */
  findOrResume(id: string | undefined, conversationId?: string): AgentInvocation | undefined;
}

/** Operations that ended longer ago are not adopted: this process may have recorded and forgotten them. */
const MAX_ADOPTED_AGE_MS = 3_600_000;

/**
 * Whether this process adopts an operation that was handed on or that an uninstrumented process created.
 *
 * @param endedAt when it ended, by the server's clock
 */
export function adopts(
  { adoptRuns }: Pick<Settings, 'adoptRuns'>,
  seen: Pick<Observation, 'isWorkedOn' | 'time' | 'context' | 'call'>,
  endedAt: number | undefined,
): boolean {
  // Headers are slow to read, so the option comes first.
  if (adoptRuns === false) return false;
  if (endedAt !== undefined && endedAt < (dateOf(seen.call.headers) ?? seen.time) - MAX_ADOPTED_AGE_MS)
    return false;
  return adoptRuns === 'polled' || seen.isWorkedOn;
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;

/**
 * The span that created an object, in any process, if the object's metadata names that span (see
 * `propagateInMetadata`). End users and gateways may write metadata, so an option must allow reading it.
 */
export function creatorOf(value: unknown, settings: RecordingOptions): SpanContext | undefined {
  const { adoptRuns, propagateInMetadata } = settings;
  const metadata = adoptRuns === false && !propagateInMetadata ? undefined : objectField(value, 'metadata');
  const creator = metadata && spanContextIn(metadata);
  return creator === undefined || trusts(adoptRuns) ? creator : withoutFlags(creator);
}

/** Whether the trace id and the sampling decision in metadata are used. */
function trusts(adoptRuns: AdoptRuns): boolean {
  return adoptRuns === true || adoptRuns === 'polled';
}

/**
 * Whether an object's creator records it: the metadata has a trace context and no mark that the object was
 * handed on. A `traceparent` counts even if this process has no propagator.
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

/** The span counts as remote, because it may end before it is used. */
export function creatorIn(context: Context): SpanContext | undefined {
  const creator = trace.getSpanContext(context);
  return creator && isSpanContextValid(creator) ? { ...creator, isRemote: true } : undefined;
}

/**
 * Returns `undefined` if this process does not adopt the operation. If no span is active, the operation
 * continues the trace of a trusted creator. Otherwise, it links to its creator, if that is known.
 *
 * @param found.isOwn whether this process itself created the operation and handed it on
 */
export function placeAdopted(
  settings: Pick<Settings, 'adoptRuns'>,
  seen: Parameters<typeof adopts>[1],
  found: {
    readonly endedAt: number | undefined;
    readonly isOwn: boolean;
    readonly creator: SpanContext | undefined;
    readonly object: unknown;
  },
): Pick<InvocationStart, 'context' | 'creator'> | undefined {
  const { context } = seen;
  const { isOwn, creator, object } = found;
  if (!adopts(settings, seen, found.endedAt) || (!isOwn && hasRecordingCreator(object))) return undefined;
  const isTrusted = isOwn || trusts(settings.adoptRuns);
  return creator !== undefined && isTrusted && activeSpan(context) === undefined
    ? { context: trace.setSpanContext(context, creator) }
    : { context, creator };
}

/** What this process knows of an invocation that it has created and handed on. */
export type HandedOn = Pick<InvocationStart, 'startTime' | 'creator' | 'input'>;

/** @param handedOn set if this process created the invocation. Otherwise, the API object reports the start time */
export function adoptInvocation(
  tracker: ConversationTracker,
  found: Pick<InvocationStart, 'kind' | 'conversationId' | 'context' | 'creator'>,
  reported: InvocationSnapshot,
  { time, endpoint, call }: Observation,
  handedOn?: HandedOn,
): AgentInvocation {
  const clock = new OperationClock(call.ownClock).learnFrom(call);
  return tracker.beginInvocation({
    ...found,
    reported,
    startTime: handedOn?.startTime ?? Math.min(clock.local(reported.createdAt, time), time),
    input: handedOn?.input,
    endpoint,
    sentAt: call.startTime,
    clock,
    // A start in another process is known only in the server's whole seconds.
    rebuilt: handedOn === undefined,
  });
}
