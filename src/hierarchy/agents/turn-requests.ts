import type { Context, Span } from '@opentelemetry/api';
import type { Call, CallObservation } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import { stringField } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import {
  abandon,
  addAttempts,
  addCreation,
  addRequestEvent,
  answerToolCalls,
} from '../invocation-requests.ts';
import { dateOf } from '../server-clock.ts';
import type { Conversations } from '../tracker.ts';
import type { AgentsCall } from './agents-call.ts';
import { SessionEvents } from './events.ts';
import type { Sightings } from './observed-objects.ts';
import type { Acceptance, Ask, Session, WaitingTurn } from './session.ts';
import type { SubmittedEvents } from './turn-start.ts';
import type { Sighting } from './turns.ts';

/** How the answer to a call is seen, once it is there. */
export function sightingOf({ call, context, endpoint }: AgentsCall): Omit<Sighting, 'time' | 'live'> {
  return {
    askedAt: call.startTime,
    // The headers come after the call has begun.
    get serverTime(): number | undefined {
      return dateOf(call.headers);
    },
    context,
    endpoint,
  };
}

/** The call that asks for a turn, of a session that is there or is created with it. */
export class TurnCreation implements CallObservation {
  readonly context: Context;
  readonly #invocation: Invocation;
  readonly #conversations: Conversations;
  readonly #sightings: Sightings;
  readonly #events: SessionEvents;
  readonly #sighting: Omit<Sighting, 'time' | 'live'>;
  readonly #submitted: SubmittedEvents | undefined;
  #waiting: WaitingTurn | undefined;

  constructor(
    read: AgentsCall,
    invocation: Invocation,
    conversations: Conversations,
    submitted?: SubmittedEvents,
  ) {
    const { call, sightings, sessionId } = read;
    this.context = invocation.contextIn(call.context);
    this.#invocation = invocation;
    this.#conversations = conversations;
    this.#sightings = sightings;
    this.#submitted = submitted;
    this.#sighting = sightingOf(read);
    this.#events = new SessionEvents(sightings, this.#sighting, sessionId, (id) => this.#sessionCreated(id));
    if (sessionId !== undefined) this.#wait(sessionId);
    invocation.calls++;
  }

  get span(): Span {
    return this.#invocation.span;
  }

  chunk(value: unknown, time: number): void {
    this.#events.chunk(value, time);
  }

  settle(call: Call): void {
    const invocation = this.#invocation;
    invocation.calls--;
    addCreation(invocation, call, this.context);
    if (call.outcome === 'value') this.#sessionSeen(call);
    if (this.#waiting !== undefined && call.error === undefined) accept(this.#waiting, call);
    if (this.#waiting !== undefined) invocation.acceptedAt = this.#waiting.acceptedAt;
    if (invocation.id !== undefined || (this.#waiting !== undefined && call.error === undefined))
      invocation.touch(call.endTime);
    else abandon(invocation, call);
    if (call.error === undefined && this.#submitted !== undefined)
      answer(this.#sightings, this.#submitted, call.startTime, this.#invocation.conversation?.id);
    this.#conversations.settle(invocation);
  }

  #sessionSeen(call: Call): void {
    const id = stringField(call.value, 'id');
    if (this.#waiting === undefined && id !== undefined) this.#sessionCreated(id);
    this.#sightings.object(call.value, { ...this.#sighting, time: call.endTime, live: true });
  }

  #sessionCreated(id: string): void {
    const { segment, asked } = this.#invocation;
    this.#wait(id);
    if (segment === undefined || segment.conversation !== undefined) return;
    const conversation = this.#conversations.conversation('session', id, this.#invocation.endpoint.origin);
    segment.identify(conversation);
    conversation.askedWithRun(asked.count);
  }

  /** The answer does not tell the turn's id: a later event or list does. */
  #wait(sessionId: string): void {
    const session = this.#sightings.turns.session(sessionId);
    this.#waiting = { invocation: this.#invocation, acceptedAt: undefined, notBefore: undefined };
    session.asks.clear();
    session.waiting.push(this.#waiting);
  }
}

/**
 * A request about a turn that is under way, such as a poll or a tool result: part of the turn's span in its
 * trace, a span of its own elsewhere; what it brings and tells is the turn's in any case.
 */
export class TurnRequest implements CallObservation {
  readonly context: Context;
  readonly #invocation: Invocation;
  readonly #conversations: Conversations;
  readonly #sightings: Sightings;
  readonly #events: SessionEvents;
  readonly #sighting: Omit<Sighting, 'time' | 'live'>;
  readonly #session: Session | undefined;
  readonly #route: Route;
  readonly #submitted: SubmittedEvents;
  readonly #ask: Ask | undefined;
  /** A stream of events goes on when the turn is over. */
  readonly #holds: boolean;

  constructor(
    read: AgentsCall,
    invocation: Invocation,
    conversations: Conversations,
    submitted: SubmittedEvents,
  ) {
    const { call, request, sightings, sessionId, endpoint } = read;
    this.context = invocation.contextIn(call.context);
    this.#invocation = invocation;
    this.#conversations = conversations;
    this.#sightings = sightings;
    this.#sighting = sightingOf(read);
    this.#events = new SessionEvents(sightings, this.#sighting, sessionId);
    this.#session = sightings.turns.known(sessionId);
    this.#route = request.route;
    this.#submitted = submitted;
    this.#holds = !call.streamed;
    if (this.#holds) invocation.calls++;
    if (submitted.messages.length === 0) return;
    const caller = callerTraceOf(read.context);
    this.#ask = { caller, endpoint, startTime: call.startTime, acceptedAt: undefined, notBefore: undefined };
    this.#session?.asked(this.#ask);
  }

  chunk(value: unknown, time: number): void {
    this.#events.chunk(value, time);
  }

  settle(call: Call): void {
    const invocation = this.#invocation;
    if (!invocation.closed) {
      addAttempts(invocation, call, this.context);
      if (call.error === undefined && call.method === 'GET' && this.#holds) invocation.pollCount++;
      else addRequestEvent(invocation, call, this.#route);
    }
    this.settled(call);
  }

  /** Takes what it came to, wherever its span is. */
  settled(call: Call): void {
    const invocation = this.#invocation;
    if (this.#holds) invocation.calls--;
    if (call.error === undefined) this.#taken(call);
    else if (this.#ask !== undefined) this.#session?.asks.delete(this.#ask);
    const sighting = { ...this.#sighting, time: call.endTime, live: false };
    if (call.outcome === 'value') this.#sightings.object(call.value, sighting);
    this.#conversations.settle(invocation);
  }

  /** The server has taken what the request brought. */
  #taken(call: Call): void {
    const id = this.#session?.id;
    answer(this.#sightings, this.#submitted, call.startTime, id);
    if (!this.#invocation.closed) this.#invocation.touch(call.endTime);
    if (this.#ask === undefined || id === undefined) return;
    accept(this.#ask, call);
    const conversation = this.#conversations.conversation('session', id, this.#invocation.endpoint.origin);
    for (const message of this.#submitted.messages) conversation.asked(message);
  }
}

/** The server has taken the results of tools. */
export function answer(
  sightings: Sightings,
  { results }: SubmittedEvents,
  time: number,
  sessionId: string | undefined,
): void {
  for (const { turnId, callId, output, failure } of results) {
    const invocation = turnId === undefined ? undefined : sightings.turns.named(turnId, sessionId);
    if (invocation === undefined) continue;
    answerToolCalls(invocation, new Map([[callId, output]]), time);
    if (failure !== undefined) invocation.steps.seeToolResult(callId, { output, failure });
  }
}

/** From now on a list can have the turn; the date of the answer says when, on the server's clock. */
function accept(acceptance: Acceptance, call: Call): void {
  acceptance.acceptedAt = call.endTime;
  const date = dateOf(call.headers);
  const duration = call.endTime - call.startTime;
  if (date !== undefined) acceptance.notBefore = date - duration - 1_000;
}
