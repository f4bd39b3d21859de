import type { Attributes } from '@opentelemetry/api';
import type { MessagePart } from '../config/completion-types.ts';
import { notice } from '../diagnostics/report.ts';
import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUIRES_ACTION, EVENT_OPENAI_SESSION_ENVIRONMENT } from '../semconv/events.ts';
import { Keeper, textLimits } from '../telemetry/content/kept-content.ts';
import type { Failure } from '../telemetry/outcomes/failure.ts';
import type { ConversationKind } from '../telemetry/place-attributes.ts';
import { keepNewest } from '../util/bounded-map.ts';
import { MAX_REPEATED } from '../util/payload.ts';
import { activeSpan } from './conversations/conversation.ts';
import type {
  AgentSettings,
  ConversationFact,
  InvocationFact,
  InvocationSnapshot,
  RequiredAction,
  SubagentFact,
} from './dialect.ts';
import type { Acceptance, AgentInvocation, InvocationStart } from './invocations/agent-invocation.ts';
import { canContinue, endTimeOf, isInProgress, type Life } from './invocations/state-machine.ts';
import type { OperationClock } from './operation-clock.ts';
import { hasRecordingCreator } from './processes/metadata.ts';
import type { Observation } from './processes/processes.ts';
import type { ContentHolder } from './store.ts';
import type { ConversationTracker } from './tracker.ts';

/** How the facts about a session were seen. */
export interface Seen extends Observation {
  /** Whether the facts show the present state, as the event of a stream does. */
  readonly live: boolean;
  timeFor(invocation: AgentInvocation, time?: number): number;
  /** The open invocation with this id, if this process records it. A paused one continues in a new span. */
  findOrResume(id: string | undefined, conversationId?: string): AgentInvocation | undefined;
}

/** The least time from the start of a subagent's turn to the end of the turn above. Tool calls need it. */
const TURN_ROOM_MS = 1;

/** Counts from the message's acceptance or from the end of the earlier invocation, whichever is later. */
const MAX_QUEUED_MS = 60_000;

/** A message that was sent during an invocation. It may change that invocation or start another one. */
export interface QueuedMessage {
  acceptance: Acceptance | undefined;
  readonly start: Pick<InvocationStart, 'endpoint' | 'context' | 'startTime' | 'sentAt' | 'clock'>;
  /** The life of the invocation during which the message was sent; `clock` is that invocation's clock. */
  readonly life: Life;
  readonly clock: OperationClock;
}

interface SubagentState {
  name: string | undefined;
  parentAgentId: string | undefined;
  /** The subagent's task, if content is recorded. Kept until the subagent's first turn is opened. */
  instructions: readonly MessagePart[];
  invocation: AgentInvocation | undefined;
}

/**
 * A session of an API where the request for an invocation does not return the invocation's id. An unknown
 * invocation that an API object reports is assigned to the oldest request that it can belong to.
 */
export class Session implements ContentHolder {
  readonly id: string;
  readonly #tracker: ConversationTracker;
  readonly #kind: ConversationKind;
  /** The session's agent. The objects of invocations do not contain it. */
  agent: AgentSettings | undefined;
  /** By the metadata of the session; `undefined` until the session was seen. */
  #hasRecordingCreator: boolean | undefined;
  /**
   * The open invocations that this process records, without those of subagents, oldest first. One that this
   * process requested has no id until an API object reports it.
   */
  readonly invocations: Set<AgentInvocation> = new Set();
  readonly queued: Set<QueuedMessage> = new Set();
  #failure: Failure | undefined;
  readonly #subagents = new Map<string, SubagentState>();
  readonly #events = new Set<string>();

  constructor(id: string, tracker: ConversationTracker, kind: ConversationKind) {
    this.id = id;
    this.#tracker = tracker;
    this.#kind = kind;
  }

  get inProgress(): AgentInvocation | undefined {
    return [...this.invocations].findLast(({ life }) => isInProgress(life));
  }

  forgetContent(): void {
    this.agent &&= { ...this.agent, content: undefined };
  }

  queue(message: QueuedMessage): void {
    this.queued.add(message);
    keepNewest(this.queued);
  }

  add(invocation: AgentInvocation): void {
    this.invocations.add(invocation);
    invocation.joins(this);
  }

  forget(invocation: AgentInvocation): void {
    this.invocations.delete(invocation);
    for (const subagent of this.#subagents.values())
      if (subagent.invocation === invocation) subagent.invocation = undefined;
  }

  /** Finds or opens the invocation that a fact shows for the first time; `undefined` if this process does not record it. */
  find(fact: InvocationFact, seen: Seen): AgentInvocation | undefined {
    const { snapshot, subagentId } = fact;
    if (subagentId !== undefined) return this.#openBelow(subagentId, fact, seen);
    const invocation = this.#findOrOpen(snapshot, seen);
    if (invocation !== undefined) this.add(invocation);
    return invocation;
  }

  #findOrOpen(snapshot: InvocationSnapshot, seen: Seen): AgentInvocation | undefined {
    const requested = this.#requested(snapshot, seen);
    if (requested !== undefined) {
      const { clock, acceptance } = requested;
      // The server created the invocation when it accepted the request, not when this process first saw the object.
      if (acceptance !== undefined) clock.learn(snapshot.createdAt, acceptance.time);
      return requested;
    }
    const found = { kind: this.#kind, conversationId: this.id };
    const reported = { ...snapshot, agent: this.agent?.agent };
    const queued = [...this.queued].find(
      (message) => canBe(message.acceptance, snapshot, seen) && isInTime(message, snapshot),
    );
    if (queued !== undefined) {
      this.queued.delete(queued);
      return this.#tracker.beginInvocation({ ...found, reported, ...queued.start });
    }
    // If it is not known yet who records the invocation, the stream reports it again, after the session.
    if (this.#hasRecordingCreator ?? seen.live) return undefined;
    const { id, createdAt, endedAt } = snapshot;
    const adopted = this.#tracker.processes?.adopt({ id, createdAt, endedAt }, seen);
    const { endpoint } = seen;
    return adopted && this.#tracker.beginInvocation({ ...found, reported, endpoint, ...adopted });
  }

  /**
   * The oldest requested invocation that the snapshot can belong to. A stream reports what starts now, so an invocation
   * that is not over is preferred.
   */
  #requested(snapshot: InvocationSnapshot, seen: Seen): AgentInvocation | undefined {
    const possible = [...this.invocations].filter(
      ({ id, acceptance }) => id === undefined && canBe(acceptance, snapshot, seen),
    );
    return (seen.live ? possible.find(({ life }) => isInProgress(life)) : undefined) ?? possible[0];
  }

  /** `undefined` if the invocation that the subagent works for is not recorded here. */
  #openBelow(
    subagentId: string,
    { snapshot, aboveId }: InvocationFact,
    seen: Seen,
  ): AgentInvocation | undefined {
    const subagent = this.#subagent(subagentId);
    const above =
      aboveId === undefined ? this.#above(subagent, snapshot) : seen.findOrResume(aboveId, this.id);
    if (above === undefined || !isWithin(snapshot.createdAt, above.snapshot)) return undefined;
    if (above.countBelow >= MAX_REPEATED) {
      notice('calls_skipped');
      return undefined;
    }
    const { startTime: begun, life, clock } = above;
    const created = clock.local(snapshot.createdAt, begun);
    const latest = (life.endTime ?? Number.POSITIVE_INFINITY) - TURN_ROOM_MS;
    const startTime = seen.live ? seen.timeFor(above) : Math.min(created, latest);
    const parts = subagent.instructions;
    subagent.instructions = [];
    const invocation = this.#tracker.beginInvocation({
      kind: this.#kind,
      conversationId: this.id,
      reported: {
        ...snapshot,
        agent: { id: snapshot.agentId ?? subagentId, name: subagent.name, model: undefined },
      },
      above,
      subagentId,
      clock,
      endpoint: above.endpoint,
      input: { count: 0, messages: parts.length === 0 ? [] : [{ role: 'user', parts }] },
      context: above.context,
      startTime: Math.max(startTime, begun),
      rebuilt: !seen.live,
    });
    subagent.invocation = invocation;
    invocation.joins(this);
    return invocation;
  }

  /**
   * The invocation that a subagent works for: the open one of the subagent that created it, or else the
   * session's newest one during which the subagent's invocation was created.
   */
  #above(subagent: SubagentState, { createdAt }: InvocationSnapshot): AgentInvocation | undefined {
    const parent = this.#subagents.get(subagent.parentAgentId ?? '')?.invocation;
    const known = [...this.invocations].filter(({ id }) => id !== undefined);
    return parent ?? known.findLast(({ snapshot }) => isWithin(createdAt, snapshot));
  }

  #subagent(id: string): SubagentState {
    const known = this.#subagents.get(id);
    if (known !== undefined) return known;
    const made = { name: undefined, parentAgentId: undefined, instructions: [], invocation: undefined };
    if (this.#subagents.size < MAX_REPEATED) this.#subagents.set(id, made);
    return made;
  }

  seeSubagent({ id, name, parentAgentId, instructions }: SubagentFact): void {
    if (this.invocations.size === 0) return;
    const subagent = this.#subagent(id);
    if (subagent.parentAgentId === undefined)
      subagent.instructions = new Keeper(textLimits(this.#tracker.telemetry.settings)).keep(instructions);
    subagent.name = name ?? subagent.name;
    subagent.parentAgentId = parentAgentId ?? subagent.parentAgentId;
    const { invocation } = subagent;
    if (invocation !== undefined && subagent.name !== undefined)
      invocation.introduce({ id: invocation.place.agentId ?? id, name: subagent.name, model: undefined });
  }

  see(
    { state, agent, actions = [], object, failure, event }: Omit<ConversationFact, 'id'>,
    seen: Seen,
  ): void {
    this.agent = agent ?? this.agent;
    if (agent?.content !== undefined) this.#tracker.store.keeps(this, agent.content);
    this.#failure ??= failure;
    if (object !== undefined && this.#tracker.processes !== undefined)
      this.#hasRecordingCreator ||= hasRecordingCreator(object);
    if (event !== undefined && this.#isNew(event.id)) this.#addEvent(event.attributes, seen);
    if (state === 'failed') this.#fail(seen);
    else if (state === 'idle') this.#rest(seen);
    else if (state !== undefined) this.#continue(actions, seen);
  }

  /** A session's streams repeat one another's events, and each poll repeats them. */
  #isNew(eventId: string | undefined): boolean {
    if (eventId === undefined) return true;
    if (this.#events.has(eventId)) return false;
    this.#events.add(eventId);
    keepNewest(this.#events);
    return true;
  }

  #addEvent(attributes: Attributes, { endpoint, context, time }: Seen): void {
    const conversation = this.#tracker.conversation(this.#kind, this.id, endpoint.origin);
    const segment = conversation.segmentFor(activeSpan(context), time) ?? [...conversation.segments].at(-1);
    if (segment === undefined) return;
    segment.record.addEvent(EVENT_OPENAI_SESSION_ENVIRONMENT, attributes, time);
    segment.touch(time);
  }

  #continue(actions: readonly RequiredAction[], seen: Seen): void {
    const { inProgress } = this;
    // The session is busy. If no invocation is known to be in progress, those that seemed to be over continue.
    for (const invocation of this.invocations)
      if (inProgress === undefined || isInProgress(invocation.life)) invocation.reopen();
    for (const { type, id, invocationId, call } of actions) {
      const invocation = seen.findOrResume(invocationId, this.id) ?? this.inProgress;
      if (invocation === undefined || !isInProgress(invocation.life)) continue;
      const time = seen.timeFor(invocation);
      invocation.wait(call === undefined ? [] : [call], time);
      // A function has a span of its own.
      if (call !== undefined || !this.#isNew(`${type} ${id}`)) continue;
      const attributes = { [ATTR.OPENAI_REQUIRED_ACTION_TYPE]: type };
      invocation.openRecord.addEvent(EVENT_OPENAI_RUN_REQUIRES_ACTION, attributes, time);
    }
  }

  /**
   * Ends the invocations of an idle session. One without an id ends only if the server accepted it before
   * this request was sent. Streams do not end it, because they begin with an earlier state of the session.
   */
  #rest(seen: Seen): void {
    for (const invocation of [...this.invocations]) {
      const { time = Number.POSITIVE_INFINITY } = invocation.acceptance ?? {};
      const isOlder = !seen.live && time <= seen.timeFor(invocation, seen.call.startTime);
      if (invocation.id !== undefined || isOlder) endUnseen(invocation, seen.timeFor(invocation));
    }
  }

  #fail(seen: Seen): void {
    const failure = this.#failure;
    this.#failure = undefined;
    for (const invocation of [...this.invocations]) {
      const time = seen.timeFor(invocation);
      invocation.end(time, time, time, failure);
    }
  }
}

/** The server's times count whole seconds, so equal times are within the invocation. */
function isWithin(
  createdAt: number | undefined,
  other: Pick<InvocationSnapshot, 'createdAt' | 'endedAt'> | undefined,
): boolean {
  if (createdAt === undefined) return true;
  const { createdAt: begin = createdAt, endedAt: end = createdAt } = other ?? {};
  return createdAt >= begin && createdAt <= end;
}

/** Ends an invocation whose session has nothing in progress any more. Its outcome is unknown. */
function endUnseen(invocation: AgentInvocation, time: number): void {
  const { life, segment } = invocation;
  if (canContinue(life)) segment?.touch(time);
  // Otherwise, a turn would wait for a subagent's turn that no object reports any longer.
  for (const below of invocation.below) endUnseen(below, life.endTime ?? time);
  invocation.apply({ type: 'idle' }, time);
}

/** Whether a reported invocation can be the requested one. A stream reports only new ones; a list also has old ones. */
function canBe(
  acceptance: Acceptance | undefined,
  { createdAt }: InvocationSnapshot,
  { live }: Seen,
): boolean {
  if (live || acceptance === undefined) return live;
  const { notBefore } = acceptance;
  return notBefore === undefined || createdAt === undefined || createdAt >= notBefore;
}

/** A message that was sent during an invocation starts another one soon after that, or never. */
function isInTime({ life, clock, acceptance }: QueuedMessage, { createdAt }: InvocationSnapshot): boolean {
  const lastTime = Math.max(acceptance?.time ?? 0, endTimeOf(life));
  return canContinue(life) || clock.local(createdAt, 0) <= lastTime + MAX_QUEUED_MS;
}
