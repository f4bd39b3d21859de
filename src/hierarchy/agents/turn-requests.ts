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
import type { ConversationTracker } from '../tracker.ts';
import type { AgentsCall } from './agents-call.ts';
import { SessionEvents } from './events.ts';
import type { ObservedSessions } from './observed-objects.ts';
import type { Acceptance, Ask, Session, WaitingTurn } from './session.ts';
import type { SubmittedEvents } from './turn-start.ts';
import type { TurnObservation } from './turns.ts';

/** Describes when and how the response of a call is seen. */
export function observationOf({
  call,
  context,
  endpoint,
}: AgentsCall): Omit<TurnObservation, 'time' | 'live'> {
  return {
    askedAt: call.startTime,
    // A getter, because the headers arrive later.
    get serverTime(): number | undefined {
      return dateOf(call.headers);
    },
    context,
    endpoint,
  };
}

/** Observes the call that requests a turn, in an existing or a new session. */
export class TurnCreation implements CallObservation {
  readonly context: Context;
  readonly #invocation: Invocation;
  readonly #conversations: ConversationTracker;
  readonly #sightings: ObservedSessions;
  readonly #events: SessionEvents;
  readonly #observation: Omit<TurnObservation, 'time' | 'live'>;
  readonly #submitted: SubmittedEvents | undefined;
  #waiting: WaitingTurn | undefined;

  constructor(
    read: AgentsCall,
    invocation: Invocation,
    conversations: ConversationTracker,
    submitted?: SubmittedEvents,
  ) {
    const { call, sightings, sessionId } = read;
    this.context = invocation.contextIn(call.context);
    this.#invocation = invocation;
    this.#conversations = conversations;
    this.#sightings = sightings;
    this.#submitted = submitted;
    this.#observation = observationOf(read);
    this.#events = new SessionEvents(sightings, this.#observation, sessionId, (id) =>
      this.#sessionCreated(id),
    );
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
    this.#sightings.object(call.value, { ...this.#observation, time: call.endTime, live: true });
  }

  #sessionCreated(id: string): void {
    const { segment, asked } = this.#invocation;
    this.#wait(id);
    if (segment === undefined || segment.conversation !== undefined) return;
    const conversation = this.#conversations.conversation('session', id, this.#invocation.endpoint.origin);
    segment.identify(conversation);
    conversation.askedWithRun(asked.count);
  }

  /** The response does not contain the turn's id; a later event or list does. */
  #wait(sessionId: string): void {
    const session = this.#sightings.turns.session(sessionId);
    this.#waiting = { invocation: this.#invocation, acceptedAt: undefined, notBefore: undefined };
    session.asks.clear();
    session.waiting.push(this.#waiting);
  }
}

/**
 * Observes a request about an open turn, such as a poll or a tool output. In the turn's trace it is folded into the turn's
 * span, elsewhere it has its own; its result counts for the turn in both cases.
 */
export class TurnRequest implements CallObservation {
  readonly context: Context;
  readonly #invocation: Invocation;
  readonly #conversations: ConversationTracker;
  readonly #sightings: ObservedSessions;
  readonly #events: SessionEvents;
  readonly #observation: Omit<TurnObservation, 'time' | 'live'>;
  readonly #session: Session | undefined;
  readonly #route: Route;
  readonly #submitted: SubmittedEvents;
  readonly #ask: Ask | undefined;
  /** Whether it keeps the turn open. A stream of events does not: it may outlive the turn. */
  readonly #holds: boolean;

  constructor(
    read: AgentsCall,
    invocation: Invocation,
    conversations: ConversationTracker,
    submitted: SubmittedEvents,
  ) {
    const { call, request, sightings, sessionId, endpoint } = read;
    this.context = invocation.contextIn(call.context);
    this.#invocation = invocation;
    this.#conversations = conversations;
    this.#sightings = sightings;
    this.#observation = observationOf(read);
    this.#events = new SessionEvents(sightings, this.#observation, sessionId);
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

  /** Takes the result of the request. */
  settled(call: Call): void {
    const invocation = this.#invocation;
    if (this.#holds) invocation.calls--;
    if (call.error === undefined) this.#taken(call);
    else if (this.#ask !== undefined) this.#session?.asks.delete(this.#ask);
    const observation = { ...this.#observation, time: call.endTime, live: false };
    if (call.outcome === 'value') this.#sightings.object(call.value, observation);
    this.#conversations.settle(invocation);
  }

  /** Called when the server has accepted the request's input. */
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

/** Called when the server has accepted tool outputs. */
export function answer(
  sightings: ObservedSessions,
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

/** From now on a list can contain the turn; the response date tells the server's time. */
function accept(acceptance: Acceptance, call: Call): void {
  acceptance.acceptedAt = call.endTime;
  const date = dateOf(call.headers);
  const duration = call.endTime - call.startTime;
  if (date !== undefined) acceptance.notBefore = date - duration - 1_000;
}
