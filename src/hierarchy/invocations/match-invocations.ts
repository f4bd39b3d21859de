import type { Context } from '@opentelemetry/api';
import type { MessagePart } from '../../config/completion-types.ts';
import { notice } from '../../diagnostics/report.ts';
import { contextOf } from '../../telemetry/metadata.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import {
  type Acceptance,
  ConversationState,
  isWithin,
  type QueuedMessage,
  type SubagentState,
  type WaitingInvocation,
} from '../conversations/conversation-state.ts';
import { adopts } from '../conversations/ownership.ts';
import type { InvocationFact } from '../dialect.ts';
import type { ConversationKind, InvocationSnapshot } from '../model.ts';
import type { Observation } from '../observed-call.ts';
import { OperationClock } from '../operation-clock.ts';
import type { Shelf } from '../store.ts';
import type { ConversationTracker } from '../tracker.ts';
import { adoptInvocation, openFoundInvocation, openReported } from './adoption.ts';
import type { AgentInvocation } from './agent-invocation.ts';
import { isRecordedState } from './life.ts';

/** How long after the end of an invocation the next one may begin that a message during the first one asked for. */
const MAX_QUEUED_MS = 60_000;

/**
 * Finds the invocation that an object reports, in APIs whose request for an invocation does not return its id. The first
 * unknown invocation belongs to the oldest unanswered request.
 */
export class InvocationMatcher {
  readonly #tracker: ConversationTracker;
  readonly #kind: ConversationKind;
  readonly #states: Shelf<ConversationState>;
  /** How many invocations of subagents stand below each invocation. */
  readonly #below = new WeakMap<AgentInvocation, number>();

  constructor(tracker: ConversationTracker, kind: ConversationKind) {
    this.#tracker = tracker;
    this.#kind = kind;
    this.#states = tracker.store.shelf();
  }

  state(id: string, origin: string): ConversationState {
    const known = this.known(id, origin);
    if (known !== undefined) return known;
    const made = new ConversationState(id);
    this.#states.set(origin, id, made);
    return made;
  }

  known(id: string | undefined, origin: string): ConversationState | undefined {
    return this.#states.get(origin, id);
  }

  /** Takes an invocation that goes on after a pause. */
  resumed(invocation: AgentInvocation): void {
    this.known(invocation.conversationId, invocation.endpoint.origin)?.invocations.add(invocation);
  }

  /** The open invocation with this id, or a requested one without an id, which must be this one. */
  named(id: string, conversationId: string | undefined, origin: string): AgentInvocation | undefined {
    const waiting = this.known(conversationId, origin)?.underWay;
    if (this.#tracker.known.has(id, origin) || waiting?.id !== undefined)
      return this.#tracker.known.open(id, origin, conversationId);
    return waiting;
  }

  /** Finds or opens the invocation; `undefined` if this process does not record it. */
  find(fact: InvocationFact, conversationId: string, observation: Observation): AgentInvocation | undefined {
    const { origin } = observation.endpoint;
    if (this.#tracker.known.has(fact.snapshot.id, origin)) return undefined;
    const state = this.state(conversationId, origin);
    if (fact.subagentId !== undefined)
      return this.#openBelow(state, state.subagent(fact.subagentId), fact, observation);
    const invocation = this.#findRequested(state, fact, observation);
    if (invocation !== undefined) state.invocations.add(invocation);
    return invocation;
  }

  #findRequested(
    state: ConversationState,
    fact: InvocationFact,
    observation: Observation,
  ): AgentInvocation | undefined {
    const { snapshot } = fact;
    const waiting = findWaiting(state, snapshot, observation);
    if (waiting !== undefined) {
      state.waiting.splice(state.waiting.indexOf(waiting), 1);
      return waiting.invocation;
    }
    const found = {
      kind: this.#kind,
      snapshot,
      conversationId: state.id,
      agent: state.agent?.agent,
      forgotten: (invocation: AgentInvocation): void => state.forget(invocation),
    };
    const isIt = (message: QueuedMessage): boolean =>
      canBe(message, snapshot, observation) && isInTime(message, snapshot);
    const queued = [...state.queued].find(isIt);
    if (queued !== undefined) {
      state.queued.delete(queued);
      const { endpoint, startTime } = queued;
      const clock = new OperationClock(queued.ownClock);
      return openFoundInvocation(this.#tracker, {
        ...found,
        context: farContextOf(queued),
        endpoint,
        startTime,
        clock,
      });
    }
    const reported = openReported(this.#tracker, found, observation);
    if (reported !== undefined) return reported;
    const { isDriven, headers, time, held } = observation;
    const seen = { isDriven, endedAt: snapshot.endedAt, headers, time };
    if (state.hasRecordingCreator || !adopts(this.#tracker.telemetry.settings, seen)) return undefined;
    if (state.hasRecordingCreator === undefined && observation.live && held !== undefined) {
      if (held.length < MAX_REPEATED) held.push({ fact, time });
      return undefined;
    }
    const place = { context: observation.context, link: undefined };
    return adoptInvocation(this.#tracker, { ...found, observation, place });
  }

  /** The invocation of a subagent is a child of the one it works for, if this process records that. */
  #openBelow(
    state: ConversationState,
    subagent: SubagentState,
    { snapshot, subagentId = '', aboveId }: InvocationFact,
    observation: Observation,
  ): AgentInvocation | undefined {
    const { origin } = observation.endpoint;
    const above =
      aboveId === undefined
        ? state.above(subagent, snapshot)
        : this.#tracker.known.open(aboveId, origin, state.id);
    if (above === undefined || !isWithin(snapshot.createdAt, above.snapshot)) return undefined;
    if (!this.#hasRoomBelow(above)) return undefined;
    const { clock, life } = above;
    const startTime = observation.live
      ? clock.from(observation.time, observation.ownClock)
      : Math.min(clock.local(snapshot.createdAt, above.startTime), life.endTime ?? Number.POSITIVE_INFINITY);
    const parts = subagent.instructions;
    subagent.instructions = [];
    const invocation = this.#tracker.openInvocation({
      kind: this.#kind,
      above,
      subagentId,
      segment: above.segment,
      agent: { id: snapshot.agentId ?? subagentId, name: subagent.name, model: undefined },
      agentId: snapshot.agentId,
      endpoint: above.endpoint,
      attributes: {},
      input: { count: 0, messages: taskOf(parts) },
      content: undefined,
      context: above.context,
      startTime: Math.max(startTime, above.startTime),
      rebuilt: !observation.live,
      forgotten: (closed) => state.forget(closed),
    });
    subagent.invocation = invocation;
    return invocation;
  }

  #hasRoomBelow(above: AgentInvocation): boolean {
    const below = this.#below.get(above) ?? 0;
    if (below >= MAX_REPEATED) {
      notice('calls_skipped');
      return false;
    }
    this.#below.set(above, below + 1);
    return true;
  }
}

function taskOf(parts: readonly MessagePart[]): { role: string; parts: readonly MessagePart[] }[] {
  return parts.length === 0 ? [] : [{ role: 'user', parts }];
}

/** Finds the oldest request that can have started it. A stream reports what starts now, so requests that are over come last. */
function findWaiting(
  { waiting }: ConversationState,
  snapshot: InvocationSnapshot,
  observation: Observation,
): WaitingInvocation | undefined {
  const possible = waiting.filter((each) => canBe(each, snapshot, observation));
  const goesOn = ({ invocation }: WaitingInvocation): boolean => invocation.life.overSince === undefined;
  return (observation.live ? possible.find(goesOn) : undefined) ?? possible[0];
}

/** Whether an invocation can be the requested one. One in a stream is new; one in a list may be old. */
function canBe(acceptance: Acceptance, { createdAt }: InvocationSnapshot, { live }: Observation): boolean {
  if (live) return true;
  const { acceptedAt, notBefore } = acceptance;
  if (acceptedAt === undefined) return false;
  return notBefore === undefined || createdAt === undefined || createdAt >= notBefore;
}

/** A message that was sent during an invocation starts the next one at once, or never. */
function isInTime(
  { life, clock, acceptedAt = 0 }: QueuedMessage,
  { createdAt }: InvocationSnapshot,
): boolean {
  const lastTime = isRecordedState(life.state) ? life.lastOpenTime : Number.POSITIVE_INFINITY;
  const endTime = Math.max(acceptedAt, life.endTime ?? lastTime);
  return clock.local(createdAt, 0) <= endTime + MAX_QUEUED_MS;
}

/** A context with the caller's span context and metadata; the end of the caller's span is not observed. */
function farContextOf({ caller }: QueuedMessage): Context {
  const { span } = caller;
  return contextOf({ ...caller, span: span && { ...span, isRemote: true } });
}
