import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { AdoptRuns, Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import { define } from '../operations/attributes.ts';
import type { Call } from '../sdk/call.ts';
import { HANDED_ON, hasRoomForMark } from '../sdk/metadata-propagation.ts';
import type { Endpoint } from '../sdk/provider.ts';
import { isPollHelper } from '../sdk/resources.ts';
import * as ATTR from '../semconv/attributes.ts';
import { justAfter } from '../util/clock.ts';
import { objectField, stringField } from '../util/payload.ts';
import { activeSpan, type InputMessages } from './conversations/conversation.ts';
import { spanContextIn, withoutFlags } from './conversations/metadata-context.ts';
import type { AgentInvocation, InvocationStart, PausedInvocation } from './invocations/agent-invocation.ts';
import type { Agent, ConversationKind, InvocationSnapshot } from './model.ts';
import { dateOf, OperationClock } from './operation-clock.ts';
import type { ConversationTracker } from './tracker.ts';

/*
 * Several processes may work on the same run or response. The process that creates it records it, unless that process
 * hands it on or is not instrumented: then another process adopts it.
 */

type RecordingOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/**
 * Whether this process does not record what it creates, but leaves that to the process that works on it later. If so,
 * the request says that in the metadata. A process that streams what it creates records it itself.
 * @param isRun true for a run or a background response. A turn has no metadata, so its requester records it
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

/** Whether a request streams an operation, polls it by an SDK helper or answers it, rather than only retrieves it. */
export function drives(
  call: Pick<Call, 'streamed' | 'requestHeaders' | 'context'>,
  outputs: readonly unknown[] = [],
): boolean {
  return call.streamed || isPollHelper(call) || outputs.length > 0;
}

/** Anything that ended longer ago is not adopted: lists keep returning it after it was recorded and forgotten here. */
const MAX_ADOPTED_AGE_MS = 3_600_000;

/** Decides, together with the settings, whether a run or response is adopted. */
interface Adoptable {
  readonly isDriven: boolean;
  /** When it ended, by the server's clock. */
  readonly endedAt: number | undefined;
  /** The headers of the HTTP response that contained it; `time` is when that response arrived. */
  readonly headers: unknown;
  readonly time: number;
}

/** Whether this process records something that was handed on, or that a process without instrumentation created. */
export function adopts({ adoptRuns }: Pick<Settings, 'adoptRuns'>, found: Adoptable): boolean {
  const { isDriven, endedAt, headers, time } = found;
  if (endedAt !== undefined && endedAt < (dateOf(headers) ?? time) - MAX_ADOPTED_AGE_MS) return false;
  return adoptRuns === 'polled' || (adoptRuns !== false && isDriven);
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;

/**
 * The span that created an object, in any process, if the object's metadata names it (see `propagateInMetadata`). End
 * users and gateways may write metadata, so it is read only if an option asks for it.
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
 * Whether, by its metadata, an object is recorded by the process that created it: the metadata has a trace context and
 * no mark that the object was handed on. A `traceparent` is recognized even if this process has no propagator.
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

/** The span in this process that creates an object. It counts as remote, because it may have ended when it is used. */
export function creatorIn(context: Context): SpanContext | undefined {
  const creator = trace.getSpanContext(context);
  return creator && isSpanContextValid(creator) ? { ...creator, isRemote: true } : undefined;
}

/** The parent of the span of an adopted operation, and the span that it links to. */
interface AdoptedPlace {
  readonly context: Context;
  readonly link: SpanContext | undefined;
}

/**
 * Where to record an operation that this process adopts; `undefined` if it does not adopt it. If no span is active and
 * the creator is trusted, the operation continues its creator's trace. Otherwise, it stands below the active span or
 * starts a trace that this process's sampler decides on, and links to its creator.
 * @param found.isOwn whether this process itself created the operation and handed it on
 */
export function placeAdopted(
  settings: Pick<Settings, 'adoptRuns'>,
  found: Adoptable & {
    readonly isOwn: boolean;
    readonly creator: SpanContext | undefined;
    readonly object: unknown;
    readonly context: Context;
  },
): AdoptedPlace | undefined {
  const { isOwn, creator, object, context } = found;
  if (!adopts(settings, found) || (!isOwn && hasRecordingCreator(object))) return undefined;
  const isTrusted = isOwn || trusts(settings.adoptRuns);
  return creator !== undefined && isTrusted && activeSpan(context) === undefined
    ? { context: trace.setSpanContext(context, creator), link: undefined }
    : { context, link: creator };
}

export interface FactSource {
  readonly endpoint: Endpoint;
  /** The caller's context, kept until the call is over. The root context for a background read. */
  readonly context: Context;
  /** The call or background read that brought the facts. The date in its headers is the server's time. */
  readonly call: Pick<
    Call,
    'startTime' | 'ownClock' | 'headers' | 'client' | 'requestHeaders' | 'streamed' | 'context'
  >;
}

/** When and how an API object was seen, and by which call or background read. */
export interface Observation {
  readonly source: FactSource;
  readonly time: number;
  /** Whether a stream reported the object's state as it changed. */
  readonly live: boolean;
  /** Whether the request drives the operation (see {@link drives}), rather than only retrieves it. */
  readonly isDriven: boolean;
}

/** An invocation that this process created and handed on (see {@link handsOn}). */
export interface HandedOn {
  readonly startTime: number;
  /** The span of the creating request. This process knows it, so metadata is not needed. */
  readonly creator: SpanContext | undefined;
  readonly input: InputMessages;
}

/** An invocation that was found in an API object and that this process does not record yet. */
export interface FoundInvocation {
  readonly kind: ConversationKind;
  readonly snapshot: InvocationSnapshot;
  readonly conversationId: string | undefined;
  readonly agent?: Agent | undefined;
}

/** @param handedOn set if this process created the invocation. Otherwise, the API object tells the start time */
export function adoptInvocation(
  tracker: ConversationTracker,
  found: FoundInvocation,
  { time, source: { endpoint, call } }: Observation,
  { context, link }: AdoptedPlace,
  handedOn?: HandedOn,
): AgentInvocation {
  const clock = OperationClock.ofResponse(call.headers, time, call.ownClock);
  const created = Math.min(clock.local(found.snapshot.createdAt, time), time);
  return openFound(tracker, found, {
    context,
    endpoint,
    creator: link,
    input: handedOn?.input,
    startTime: handedOn?.startTime ?? created,
    sentAt: call.startTime,
    clock,
    // The start of an invocation of another process is known only in whole seconds of the server's clock.
    rebuilt: handedOn === undefined,
  });
}

/** Continues a paused invocation in a second span, which links to the first. */
export function resumeInvocation(
  tracker: ConversationTracker,
  kind: ConversationKind,
  { time, source: { endpoint, context, call } }: Observation,
  paused: PausedInvocation,
): AgentInvocation {
  const { snapshot, agent, span, steps } = paused;
  const { id, conversationId } = snapshot;
  const clock = new OperationClock(call.ownClock);
  // The wall clock may have been set since the times were taken.
  const moved = (then: number | undefined): number | undefined => then && clock.from(then, paused.ownClock);
  const waiting = steps.waiting.map((asked) => ({ ...asked, startTime: moved(asked.startTime) }));
  const before = { ...paused, createdTime: moved(paused.createdTime), steps: { ...steps, waiting } };
  const start = { context, endpoint, creator: span, startTime: time, clock, input: NO_INPUT, before };
  const resumed = openFound(tracker, { kind, snapshot, conversationId, agent }, start);
  tracker.known.identify(id, resumed);
  return resumed;
}

const NO_INPUT: InputMessages = { count: 0, messages: [] };

interface FoundStart
  extends Pick<
    InvocationStart,
    'context' | 'endpoint' | 'startTime' | 'creator' | 'clock' | 'rebuilt' | 'before'
  > {
  /** When the request whose answer shows the invocation was sent. */
  readonly sentAt?: number;
  readonly input?: InputMessages | undefined;
}

/** Opens an invocation that was found in an API object. */
export function openFound(
  tracker: ConversationTracker,
  { kind, snapshot, conversationId, ...found }: FoundInvocation,
  { sentAt, ...start }: FoundStart,
): AgentInvocation {
  const { context, endpoint } = start;
  const active = activeSpan(context)?.spanContext();
  // Below a span of this process, the segment starts after the request that found the invocation was sent.
  const isBounded = active !== undefined && active.isRemote !== true;
  const startTime = isBounded ? justAfter(sentAt ?? start.startTime) : start.startTime;
  const segment = tracker.open({ kind, id: conversationId, context, endpoint, startTime });
  const conversation =
    conversationId === undefined ? undefined : tracker.conversation(kind, conversationId, endpoint.origin);
  const agent = found.agent ?? tracker.agents.get(endpoint.origin, snapshot.agentId);
  const attributes: Attributes = { ...snapshot.parameters };
  define(attributes, ATTR.GEN_AI_REQUEST_MODEL, snapshot.model);
  return tracker.openInvocation({
    ...start,
    kind,
    segment,
    agent,
    agentId: agent?.id ?? snapshot.agentId,
    attributes,
    input: start.input ?? conversation?.takeUnanswered() ?? NO_INPUT,
    startTime: Math.max(start.startTime, segment?.startTime ?? startTime),
  });
}
