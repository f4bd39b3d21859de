import type { Attributes, Context, Span } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import type { Call } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUEST } from '../../semconv/events.ts';
import { recordAttempts } from '../../telemetry/attempts.ts';
import { addAnswer, callAttributes, headersOf, rateLimitsIn } from '../../telemetry/call-facts.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import { readFailure, thrownTypeOf } from '../../telemetry/outcomes/failure.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import type { Following, Placement } from '../../telemetry/placement.ts';
import { stringField } from '../../util/payload.ts';
import type { Intent } from '../dialect.ts';
import type { Facts, ObservedCall } from '../facts.ts';
import { dateOf } from '../operation-clock.ts';
import type { Acceptance, QueuedMessage, Session, WaitingInvocation } from '../sessions.ts';
import type { AgentInvocation } from './agent-invocation.ts';
import type { Invocation } from './invocation.ts';
import { outlastsStream } from './life.ts';

/** The call that creates an invocation. The invocation starts with the call and outlives it. */
export class InvocationCreation implements Placement {
  readonly parent: Context;
  readonly foldInto: AgentInvocation;
  readonly opens: boolean = true;
  readonly hearsEvents: boolean = true;
  readonly #intent: Intent;
  readonly #facts: Facts;
  /** Set while the id of the invocation is unknown. */
  #waiting: WaitingInvocation | undefined;

  constructor(observed: ObservedCall, facts: Facts, invocation: AgentInvocation) {
    this.parent = invocation.contextIn(observed.call.context);
    this.foldInto = invocation;
    this.#intent = observed.intent;
    this.#facts = facts;
    facts.requestInvocation = invocation;
    invocation.hear({ type: 'asked', outlives: false }, observed.call.startTime);
    if (facts.engine.dialect.identifiesAtOnce) return;
    facts.conversationCreated = (id) => this.#conversationCreated(id);
    const { conversationId } = observed.intent;
    if (conversationId !== undefined) this.#wait(conversationId);
  }

  onFact(event: unknown, time: number): void {
    this.#facts.readEvent(event, time);
  }

  onEnd(call: Call): Following {
    try {
      this.#settle(call);
    } finally {
      this.foldInto.hear({ type: 'answered', outlives: false }, call.endTime);
    }
    return undefined;
  }

  #settle(call: Call): void {
    const invocation = this.foldInto;
    const { identifiesAtOnce } = this.#facts.engine.dialect;
    if (identifiesAtOnce) findCut(call, invocation);
    const attributes = { ...callAttributes(call), ...rateLimitsIn(headersOf(call)) };
    if (call.streamed) attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
    invocation.addAttributes(attributes);
    addAttempts(invocation, call, this.parent);
    // The response shows the state of a new conversation as it is now.
    if (call.outcome === 'value') this.#facts.read(call.value, call.endTime, undefined, !identifiesAtOnce);
    const waiting = call.error === undefined ? this.#waiting : undefined;
    if (waiting !== undefined) {
      accept(waiting, call, invocation);
      // If the server never reports its id, the newest invocations of its conversation are read.
      invocation.read ??= this.#facts.reader(invocation);
    }
    if (invocation.id !== undefined || waiting !== undefined) invocation.touch(call.endTime);
    else abandon(invocation, call);
    if (call.error === undefined) answerOutputs(this.#intent, this.#facts, call.startTime);
    if (isLeft(call)) invocation.hear({ type: 'left' }, call.endTime);
  }

  #conversationCreated(id: string): void {
    const { segment, start, endpoint } = this.foldInto;
    const { tracker, dialect } = this.#facts.engine;
    this.#wait(id);
    if (segment === undefined || segment.conversation !== undefined) return;
    const conversation = tracker.conversation(dialect.kind, id, endpoint.origin);
    segment.identify(conversation);
    conversation.count({ userMessages: start.input.count });
  }

  /** Makes the invocation wait for its id: the response does not contain it, but a later event or list does. */
  #wait(sessionId: string): void {
    const session = this.#facts.engine.sessions.at(sessionId, this.foldInto.endpoint.origin);
    this.foldInto.requestedIn(sessionId);
    this.#waiting = { invocation: this.foldInto, acceptedAt: undefined, notBefore: undefined };
    session.queued.clear();
    session.waiting.push(this.#waiting);
  }
}

/** Ends an invocation whose id is unknown: it was not created, or the program read the raw response itself. */
function abandon(invocation: AgentInvocation, call: Call): void {
  const { endTime } = call;
  const { segment, start } = invocation;
  invocation.touch(endTime);
  if (call.error !== undefined) {
    segment?.conversation?.giveBack(start.input);
    invocation.end(endTime, endTime, endTime, readFailure(call.error));
  }
  invocation.close();
  // The conversation that it would have belonged to was not created either.
  if (segment?.conversation === undefined) segment?.end(endTime);
}

/**
 * A request about an open invocation, such as a poll or a tool output. In the trace of the invocation, it is folded
 * into the invocation's span; in another trace, it has its own span. Its result counts for the invocation in both
 * cases.
 */
export class InvocationRequest implements Placement {
  readonly parent: Context;
  readonly foldInto: AgentInvocation;
  readonly hearsEvents: boolean = true;
  readonly #intent: Intent;
  readonly #facts: Facts;
  readonly #route: Route;
  readonly #queued: QueuedMessage | undefined;
  readonly #session: Session | undefined;
  /** Whether it is a stream of a conversation's events, which may outlive the invocation and does not keep it open. */
  readonly #outlives: boolean;
  readonly #sentAt: number;
  #answered = false;

  constructor(observed: ObservedCall, facts: Facts, invocation: AgentInvocation) {
    const { dialect, sessions } = facts.engine;
    const { call, route, intent, endpoint } = observed;
    this.parent = invocation.contextIn(observed.context);
    this.foldInto = invocation;
    this.#intent = intent;
    this.#sentAt = facts.timeFor(invocation, call.startTime);
    this.#facts = facts;
    this.#route = route;
    facts.requestInvocation = invocation;
    this.#outlives = call.streamed && !dialect.identifiesAtOnce;
    invocation.hear({ type: 'asked', outlives: this.#outlives }, this.#sentAt);
    if (dialect.identifiesAtOnce) return;
    this.#session = sessions.known(intent.conversationId, endpoint.origin);
    if (intent.messages.length === 0) return;
    const caller = callerTraceOf(observed.context);
    const { life, clock } = invocation;
    const { startTime, ownClock } = call;
    const message = { caller, endpoint, startTime, ownClock, life, clock };
    this.#queued = { ...message, acceptedAt: undefined, notBefore: undefined };
    this.#session?.queue(this.#queued);
  }

  onFact(value: unknown, time: number): void {
    this.#answer();
    this.#facts.readEvent(value, time);
  }

  onEnd(call: Call): Following {
    const invocation = this.foldInto;
    if (this.#facts.engine.dialect.identifiesAtOnce) findCut(call, invocation);
    if (!invocation.isRecorded) {
      addAttempts(invocation, call, this.parent);
      if (call.error === undefined && call.method === 'GET' && !this.#outlives) invocation.pollCount++;
      else addRequestEvent(invocation.openRecord.span, RUN_REQUEST, call, this.#route);
    }
    this.settled(call);
    return undefined;
  }

  settled(call: Call): void {
    const invocation = this.foldInto;
    const time = this.#facts.timeFor(invocation, call.endTime);
    try {
      if (!invocation.isRecorded) addStreamPart(invocation, call);
      if (call.error === undefined) this.#accept(call);
      else if (this.#queued !== undefined) this.#session?.queued.delete(this.#queued);
      if (call.outcome === 'value') this.#facts.read(call.value, call.endTime);
      if (isLeft(call)) invocation.hear({ type: 'left' }, time);
    } finally {
      invocation.hear({ type: 'answered', outlives: this.#outlives }, time);
    }
    if (call.error === undefined && !invocation.isRecorded) invocation.touch(time);
  }

  /** Called when the server has accepted the input of the request. */
  #accept(call: Call): void {
    // The server accepts such a request only during the invocation, so that was open when this was sent. Its end, in
    // whole seconds, may seem to be earlier.
    if (this.#intent.needsOpenInvocation) this.foldInto.hear({ type: 'sign' }, this.#sentAt);
    this.#answer();
    if (this.#queued === undefined || this.#session === undefined) return;
    accept(this.#queued, call, this.foldInto);
    const { tracker, dialect } = this.#facts.engine;
    const { origin } = this.foldInto.endpoint;
    const conversation = tracker.conversation(dialect.kind, this.#session.id, origin);
    for (const message of this.#intent.messages) conversation.add(message);
  }

  /** Ends the functions whose outputs the request brings: they ended when it was sent, not when its stream began. */
  #answer(): void {
    if (this.#answered) return;
    this.#answered = true;
    answerOutputs(this.#intent, this.#facts, this.#sentAt, this.foldInto);
  }
}

/** A stream that ends while its invocation continues was cut. */
export function findCut(call: Call, { life }: Invocation): void {
  if (call.streamEnd === 'completed' && outlastsStream(life)) call.streamEnd = 'cut';
}

/** Called when the server has accepted the outputs of tools. */
export function answerOutputs(
  { outputs }: Intent,
  { conversationId, endpoint, engine }: Facts,
  time: number,
  driven?: AgentInvocation,
): void {
  for (const output of outputs) {
    const { invocationId } = output;
    const invocation =
      invocationId === undefined
        ? driven
        : engine.sessions.named(invocationId, conversationId, endpoint.origin);
    invocation?.answer(output, time);
  }
}

/** Whether the program has stopped waiting for the end: it left a stream, or a stream or poll was aborted or failed. */
export function isLeft({ error, method, streamed, streamEnd }: Call): boolean {
  if (streamEnd !== undefined) return streamEnd !== 'completed';
  return error !== undefined && (streamed || method === 'GET');
}

/** Notes when the server accepted a request, by our clock and by its `date`: only later lists can show its effect. */
function accept(acceptance: Acceptance, call: Call, { clock }: AgentInvocation): void {
  acceptance.acceptedAt = clock.from(call.endTime, call.ownClock);
  const date = dateOf(call.headers);
  const duration = call.endTime - call.startTime;
  if (date !== undefined) acceptance.notBefore = date - duration - 1_000;
}

function addAttempts(invocation: AgentInvocation, call: Call, context: Context): void {
  if (call.attemptCount > 1)
    recordAttempts(invocation.telemetry, call, context, placeAttributes(invocation.place));
}

/** Adds a later stream of a streamed invocation, such as the response to the outputs of its functions. */
function addStreamPart(invocation: AgentInvocation, { streamEnd, chunkCount }: Call): void {
  const before = invocation.openRecord.attributes[ATTR.OPENAI_STREAM_CHUNK_COUNT];
  if (streamEnd === undefined || typeof before !== 'number') return;
  invocation.addAttributes({
    [ATTR.OPENAI_STREAM_CHUNK_COUNT]: before + chunkCount,
    [ATTR.OPENAI_STREAM_END]: streamEnd,
  });
}

/** Attributes for the response to a request that has no span of its own. */
export function answerAttributes(call: Call): Attributes {
  const attributes: Attributes = {};
  define(attributes, ATTR.OPENAI_REQUEST_ID, callAttributes(call)[ATTR.OPENAI_REQUEST_ID]);
  addAnswer(attributes, call);
  return attributes;
}

/** The event on a span for a request that has no span of its own. */
export interface RequestEvent {
  readonly name: string;
  /** The attribute for the `status` in the response. */
  readonly status: string;
}

const RUN_REQUEST: RequestEvent = { name: EVENT_OPENAI_RUN_REQUEST, status: ATTR.OPENAI_RUN_STATUS };

/** Adds an event to the span of an operation for a request that has no span of its own. */
export function addRequestEvent(span: Span, { name, status }: RequestEvent, call: Call, route: Route): void {
  const attributes: Attributes = {
    [ATTR.HTTP_REQUEST_METHOD]: route.method,
    [ATTR.URL_TEMPLATE]: route.template,
  };
  define(attributes, status, stringField(call.value, 'status'));
  Object.assign(attributes, answerAttributes(call));
  if (call.error !== undefined) attributes[ATTR.ERROR_TYPE] = thrownTypeOf(call.error);
  span.addEvent(name, attributes, call.endTime);
}
