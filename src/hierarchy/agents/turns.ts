import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { notice } from '../../diagnostics/report.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { contextOf } from '../../telemetry/metadata.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { BoundedMap } from '../../util/lru-map.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import type { Conversation } from '../conversation.ts';
import type { Use } from '../conversation-use.ts';
import type { Invocation } from '../invocation.ts';
import { ServerClock } from '../server-clock.ts';
import type { ConversationTracker } from '../tracker.ts';
import { keyAt, type Whereabouts } from '../whereabouts.ts';
import { readSessionParts } from './content.ts';
import type { TurnReading } from './objects.ts';
import { type Acceptance, type Ask, Session } from './session.ts';

/** When, how and by whom an object was seen. */
export interface TurnObservation {
  readonly time: number;
  /** Whether a stream reported it as it happened. */
  readonly live: boolean;
  /** When its request was sent. */
  readonly askedAt: number;
  /** The server's time in the response, if known. */
  readonly serverTime: number | undefined;
  readonly context: Context;
  readonly endpoint: Endpoint;
}

/** What is known of all sessions and turns. */
export interface TurnMemory {
  /** By origin and id. */
  readonly sessions: BoundedMap<string, Session>;
  /** How many turns of subagents stand below each turn. */
  readonly below: WeakMap<Invocation, number>;
}

/**
 * Sessions and the turns in them, as one call sees them: finds the invocation that a turn is. The request that asks for a turn is
 * not told its id, so the first turn that nobody knows is taken for the one that was asked for first.
 */
export class Turns {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #memory: TurnMemory;
  readonly #at: Whereabouts;

  /** @param at where the answers to the call come from */
  constructor(telemetry: Telemetry, conversations: ConversationTracker, memory: TurnMemory, at: Whereabouts) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    this.#memory = memory;
    this.#at = at;
  }

  session(id: string): Session {
    const known = this.known(id);
    if (known !== undefined) return known;
    const made = new Session(id);
    this.#memory.sessions.set(keyAt(this.#at.origin, id), made);
    this.#conversations.watch();
    return made;
  }

  conversation(sessionId: string): Conversation {
    return this.#conversations.conversation('session', sessionId, this.#at.origin);
  }

  /** The session, if it is known. */
  known(id: string | undefined): Session | undefined {
    return id === undefined ? undefined : this.#memory.sessions.get(keyAt(this.#at.origin, id));
  }

  /** The open turn with this id, if this process records it. */
  turn(
    id: string | undefined,
    sessionId: string | undefined = this.#at.conversationId,
  ): Invocation | undefined {
    return id === undefined ? undefined : this.#conversations.invocation(id, this.#at.origin, sessionId);
  }

  /** The same, or a requested turn without an id, which must be this one. */
  named(id: string, sessionId: string | undefined): Invocation | undefined {
    const waiting = this.known(sessionId)?.underWay;
    if (this.#conversations.knows(id, this.#at.origin) || waiting?.id !== undefined)
      return this.turn(id, sessionId);
    return waiting;
  }

  /** Finds or opens the invocation of a turn; `undefined` if this process does not record it. */
  find(reading: TurnReading, observation: TurnObservation): Invocation | undefined {
    const { id } = reading.snapshot;
    const known = this.turn(id, reading.sessionId);
    if (known !== undefined) return known;
    if (this.#conversations.knows(id, this.#at.origin)) return undefined;
    const session = this.session(reading.sessionId);
    if (reading.subagentId !== undefined)
      return this.#subagentTurn(session, reading.subagentId, reading, observation);
    const invocation = this.#askedFor(session, reading, observation);
    if (invocation !== undefined) session.turns.add(invocation);
    return invocation;
  }

  #askedFor(session: Session, reading: TurnReading, observation: TurnObservation): Invocation | undefined {
    const waiting = session.waiting.findIndex((turn) => canBe(turn, reading, observation));
    if (waiting >= 0) return session.waiting.splice(waiting, 1)[0]?.invocation;
    const ask = [...session.asks].find((asked) => canBe(asked, reading, observation));
    if (ask !== undefined) {
      session.asks.delete(ask);
      return this.#open(session, reading, { ...ask, context: farContextOf(ask) });
    }
    return this.#telemetry.settings.adoptRuns === false
      ? undefined
      : this.#adopt(session, reading, observation);
  }

  #adopt(session: Session, reading: TurnReading, observation: TurnObservation): Invocation {
    const { time, context, endpoint, serverTime } = observation;
    const clock = serverTime === undefined ? new ServerClock() : ServerClock.reading(serverTime, time);
    const startTime = Math.min(clock.local(reading.snapshot.createdAt, time), time);
    return this.#open(session, reading, { context, endpoint, startTime, clock });
  }

  /** Opens a turn that an event or list reports. */
  #open(
    session: Session,
    { snapshot }: TurnReading,
    from: { context: Context; endpoint: Endpoint; startTime: number; clock?: ServerClock },
  ): Invocation {
    const { context, endpoint, startTime, clock } = from;
    const use: Use = { kind: 'session', id: session.id, context, endpoint, startTime };
    const agent = session.agent?.agent;
    const invocation = this.#conversations.openInvocation({
      kind: 'session',
      segment: this.#conversations.open(use),
      agent,
      agentId: agent?.id ?? snapshot.agentId,
      endpoint,
      attributes: { ...session.agent?.parameters },
      asked: this.conversation(session.id).takeUnanswered(),
      content: undefined,
      context,
      startTime,
      forgotten: () => session.forget(invocation),
      ...(clock === undefined ? {} : { clock, rebuilt: true }),
    });
    return invocation;
  }

  /** The turn of a subagent is a child of the turn it works for, if this process records that. */
  #subagentTurn(
    session: Session,
    subagentId: string,
    { snapshot }: TurnReading,
    observation: TurnObservation,
  ): Invocation | undefined {
    const subagent = session.subagent(subagentId);
    const above = session.turnAbove(subagent);
    const created = snapshot.createdAt;
    const before = above?.snapshot?.createdAt;
    if (above === undefined || (created !== undefined && before !== undefined && created < before))
      return undefined;
    if (!this.#hasRoomBelow(above)) return undefined;
    const startTime = observation.live ? observation.time : above.clock.local(created, above.startTime);
    const messages =
      subagent.instructions.length === 0
        ? []
        : [{ role: 'user', parts: readSessionParts(subagent.instructions) }];
    subagent.instructions = [];
    const invocation = this.#conversations.openInvocation({
      kind: 'session',
      above,
      subagentId,
      segment: above.segment,
      agent: { id: snapshot.agentId ?? subagentId, name: subagent.name, model: undefined },
      agentId: snapshot.agentId,
      endpoint: above.endpoint,
      attributes: {},
      asked: { count: 0, messages },
      content: undefined,
      context: ROOT_CONTEXT,
      startTime: Math.max(startTime, above.startTime),
      rebuilt: !observation.live,
      forgotten: () => session.forget(invocation),
    });
    subagent.turn = invocation;
    return invocation;
  }

  #hasRoomBelow(above: Invocation): boolean {
    const below = this.#memory.below.get(above) ?? 0;
    if (below >= MAX_REPEATED) {
      notice('calls_skipped');
      return false;
    }
    this.#memory.below.set(above, below + 1);
    return true;
  }
}

/** Whether a turn can be the requested one. A turn in a stream is new; one in a list may be old. */
function canBe(asked: Acceptance, { snapshot }: TurnReading, { live }: TurnObservation): boolean {
  if (live) return true;
  const { acceptedAt, notBefore } = asked;
  if (acceptedAt === undefined) return false;
  return notBefore === undefined || snapshot.createdAt === undefined || snapshot.createdAt >= notBefore;
}

/** A context with the caller's span context and metadata; the end of the caller's span is not observed. */
function farContextOf({ caller: { span, metadata } }: Ask): Context {
  return contextOf({ span: span && { ...span, isRemote: true }, metadata });
}
