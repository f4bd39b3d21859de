import { type Context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { AdoptRuns, Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
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
 * Which process records what several work on: who creates it, unless that process hands it on, or nobody there is
 * instrumented.
 */

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
interface Adoptable {
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

/** The shape of W3C trace context. */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;

/**
 * Where something was created, in whatever process, as far as its metadata shows: see `propagateInMetadata`. End
 * users and gateways may write metadata, so it is read only where an option asks for it.
 */
export function creatorOf(
  value: unknown,
  { adoptRuns, propagateInMetadata }: RecordingOptions,
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
 * Whether the metadata says that the process which created something records it: that process put its trace context there, and
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
interface AdoptedPlace {
  readonly context: Context;
  readonly link: SpanContext | undefined;
}

/**
 * Where something is recorded that this process does not record yet; `undefined` if it is not recorded here. It continues in
 * its creator's trace where no span is active and the creator is trusted. Otherwise it stands below the active span, or begins
 * a trace that this process's sampler decides on, with a link to its creator.
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
): AdoptedPlace | undefined {
  const { isOwn, creator, object, context } = found;
  if (!adopts(settings, found) || (!isOwn && hasRecordingCreator(object))) return undefined;
  const isTrusted = isOwn || trusts(settings.adoptRuns);
  return creator !== undefined && isTrusted && activeSpan(context) === undefined
    ? { context: trace.setSpanContext(context, creator), link: undefined }
    : { context, link: creator };
}

/** Where facts come from. */
export interface FactSource {
  readonly endpoint: Endpoint;
  /** The caller's, kept until the call is over. */
  readonly context: Context;
  /** Whether content is recorded. */
  readonly content: boolean;
  /** The call or background read that brings them. The date in its headers is the server's time. */
  readonly exchange: Pick<Call, 'startTime' | 'ownClock' | 'headers' | 'client' | 'requestHeaders'>;
}

/** When, how and by whom an object was seen. */
export interface Observation {
  readonly source: FactSource;
  readonly time: number;
  /** Whether a stream reported it as it happened. */
  readonly live: boolean;
  /** Whether its request works on what it is about, rather than only looks at it. */
  readonly isDriven: boolean;
}

/** An invocation that this process created and handed on. */
export interface HandedOn {
  readonly startTime: number;
  /** The request's span: what this process knows itself needs no metadata. */
  readonly creator: SpanContext | undefined;
  readonly input: InputMessages;
}

/** An invocation that was found in an object of the API and that this process does not record yet. */
export interface FoundInvocation {
  readonly kind: ConversationKind;
  readonly snapshot: InvocationSnapshot;
  readonly conversationId: string | undefined;
  /** The agent, as far as the conversation shows it. */
  readonly agent?: Agent | undefined;
  readonly forgotten?: ((invocation: AgentInvocation) => void) | undefined;
}

/**
 * Starts to record an invocation from its own times.
 *
 * @param handedOn set if this process created it
 */
export function adoptInvocation(
  tracker: ConversationTracker,
  found: FoundInvocation,
  { time, source: { endpoint, exchange } }: Observation,
  { context, link }: AdoptedPlace,
  handedOn?: HandedOn,
): AgentInvocation {
  const clock = OperationClock.ofResponse(exchange.headers, time, exchange.ownClock);
  const created = Math.min(clock.local(found.snapshot.createdAt, time), time);
  return openFound(tracker, found, {
    context,
    endpoint,
    creator: link,
    input: handedOn?.input,
    startTime: handedOn?.startTime ?? created,
    sentAt: exchange.startTime,
    clock,
    // Its start is known only in the server's whole seconds.
    rebuilt: handedOn === undefined,
  });
}

/** Continues with a paused invocation in a second span, with a link to the first. */
export function resumeInvocation(
  tracker: ConversationTracker,
  found: Pick<FoundInvocation, 'kind' | 'forgotten'>,
  { time, source: { endpoint, context, exchange } }: Observation,
  paused: PausedInvocation,
): AgentInvocation {
  const { snapshot, agent, span, steps } = paused;
  const { id, conversationId } = snapshot;
  const clock = new OperationClock(exchange.ownClock);
  // The wall clock may have been set since the times were taken.
  const moved = (then: number | undefined): number | undefined => then && clock.from(then, paused.ownClock);
  const waiting = steps.waiting.map((call) => ({ ...call, startTime: moved(call.startTime) }));
  const before = { ...paused, createdTime: moved(paused.createdTime), steps: { ...steps, waiting } };
  const input = { count: 0, messages: [] };
  const start = { context, endpoint, creator: span, startTime: time, clock, input, before };
  const resumed = openFound(tracker, { ...found, snapshot, conversationId, agent }, start);
  tracker.known.identify(id, resumed);
  return resumed;
}

/** Opens an invocation that an object shows. */
export function openFound(
  tracker: ConversationTracker,
  { kind, snapshot, conversationId, forgotten, ...found }: FoundInvocation,
  start: Pick<
    InvocationStart,
    'context' | 'endpoint' | 'startTime' | 'creator' | 'clock' | 'rebuilt' | 'before'
  > & {
    /** When the request was sent that found it. */
    readonly sentAt?: number;
    readonly input?: InputMessages | undefined;
  },
): AgentInvocation {
  const { context, endpoint } = start;
  // Below a span of this process, nothing begins before it was asked for.
  const { sentAt = start.startTime } = start;
  const active = activeSpan(context)?.spanContext();
  const isBounded = active !== undefined && active.isRemote !== true;
  const segmentStart = isBounded ? justAfter(sentAt) : start.startTime;
  const segment = tracker.open({ kind, id: conversationId, context, endpoint, startTime: segmentStart });
  const agent = found.agent ?? tracker.agents.get(endpoint.origin, snapshot.agentId);
  const { model } = snapshot;
  const unanswered = (): InputMessages =>
    conversationId === undefined
      ? { count: 0, messages: [] }
      : tracker.conversation(kind, conversationId, endpoint.origin).takeUnanswered();
  return tracker.openInvocation({
    ...start,
    kind,
    segment,
    agent,
    agentId: agent?.id ?? snapshot.agentId,
    attributes: {
      ...snapshot.parameters,
      ...(model === undefined ? {} : { [ATTR.GEN_AI_REQUEST_MODEL]: model }),
    },
    input: start.input ?? unanswered(),
    content: undefined,
    startTime: Math.max(start.startTime, segment?.startTime ?? segmentStart),
    forgotten,
  });
}
