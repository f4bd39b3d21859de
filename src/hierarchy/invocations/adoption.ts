import type { SpanContext } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { justAfter } from '../../util/clock.ts';
import { activeSpan, type InputMessages } from '../conversations/conversation.ts';
import type { Continuation } from '../conversations/ownership.ts';
import type { Agent, ConversationKind, InvocationSnapshot } from '../model.ts';
import type { Observation } from '../observed-call.ts';
import { OperationClock } from '../operation-clock.ts';
import type { ConversationTracker } from '../tracker.ts';
import type { AgentInvocation, InvocationStart } from './agent-invocation.ts';

/** An invocation that this process created and handed on. */
export interface HandedOn {
  readonly startTime: number;
  /** The request's span: what this process knows itself needs no metadata. */
  readonly creator: SpanContext | undefined;
  readonly input: InputMessages;
}

interface Found {
  readonly kind: ConversationKind;
  readonly snapshot: InvocationSnapshot;
  readonly conversationId: string | undefined;
  /** The agent, as far as the conversation tells it. */
  readonly agent?: Agent | undefined;
  readonly forgotten?: ((invocation: AgentInvocation) => void) | undefined;
}

/**
 * Starts to record an invocation that this process does not record yet, from the invocation's own times.
 *
 * @param adopted.handedOn set if this process created it
 */
export function adoptInvocation(
  tracker: ConversationTracker,
  adopted: Found & {
    readonly observation: Observation;
    readonly handedOn?: HandedOn | undefined;
    readonly place: Continuation;
  },
): AgentInvocation {
  const { snapshot, observation, handedOn, place, ...found } = adopted;
  const { time, endpoint } = observation;
  const clock = OperationClock.ofResponse(observation.headers, time, observation.ownClock);
  return openFoundInvocation(tracker, {
    ...found,
    snapshot,
    context: place.context,
    endpoint,
    creator: place.link,
    input: handedOn?.input,
    startTime: handedOn?.startTime ?? Math.min(clock.local(snapshot.createdAt, time), time),
    sentAt: observation.sentAt,
    clock,
    // Its start is known only in the server's whole seconds.
    rebuilt: handedOn === undefined,
  });
}

/** Opens an invocation that begins with its report, because no request asked for it. */
export function openReported(
  tracker: ConversationTracker,
  found: Found,
  { reported, context, endpoint, time, ownClock }: Observation,
): AgentInvocation | undefined {
  if (reported === undefined) return undefined;
  const clock = new OperationClock(ownClock);
  const invocation = openFoundInvocation(tracker, { ...found, context, endpoint, startTime: time, clock });
  reported(invocation);
  return invocation;
}

/** Opens an invocation that an object reports. */
export function openFoundInvocation(
  tracker: ConversationTracker,
  found: Found &
    Pick<InvocationStart, 'context' | 'endpoint' | 'startTime' | 'creator' | 'clock' | 'rebuilt'> & {
      /** When the request was sent that found it. */
      readonly sentAt?: number;
      readonly input?: InputMessages | undefined;
    },
): AgentInvocation {
  const { kind, snapshot, conversationId, context, endpoint, forgotten, clock } = found;
  // Below a span of this process, nothing begins before it was asked for.
  const { sentAt = found.startTime } = found;
  const active = activeSpan(context)?.spanContext();
  const isBounded = active !== undefined && active.isRemote !== true;
  const segmentStart = isBounded ? justAfter(sentAt) : found.startTime;
  const segment = tracker.open({ kind, id: conversationId, context, endpoint, startTime: segmentStart });
  const startTime = Math.max(found.startTime, segment?.startTime ?? segmentStart);
  const agent = found.agent ?? tracker.agents.get(endpoint.origin, snapshot.agentId);
  const { model } = snapshot;
  return tracker.openInvocation({
    kind,
    segment,
    agent,
    agentId: agent?.id ?? snapshot.agentId,
    endpoint,
    attributes: {
      ...snapshot.parameters,
      ...(model === undefined ? {} : { [ATTR.GEN_AI_REQUEST_MODEL]: model }),
    },
    input:
      found.input ??
      (conversationId === undefined
        ? { count: 0, messages: [] }
        : tracker.conversation(kind, conversationId, endpoint.origin).takeUnanswered()),
    content: undefined,
    context,
    creator: found.creator,
    startTime,
    rebuilt: found.rebuilt === true,
    forgotten,
    clock,
  });
}
