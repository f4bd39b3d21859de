import { type Attributes, type Context, type SpanContext, trace } from '@opentelemetry/api';
import { define } from '../operations/attributes.ts';
import type { ApiRequest } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUEST } from '../semconv/events.ts';
import { recordAttempts } from '../telemetry/attempts.ts';
import { callAttributes, headersOf, rateLimitsIn } from '../telemetry/call-facts.ts';
import { callerTraceOf } from '../telemetry/metadata.ts';
import { readFailure } from '../telemetry/outcomes/failure.ts';
import { placeAttributes } from '../telemetry/place.ts';
import type { Following } from '../telemetry/placement.ts';
import { justAfter, SPAN_ROOM_MS } from '../util/clock.ts';
import { creatorIn, creatorOf, handsOn } from './adoption.ts';
import {
  type ConversationApi,
  type OpenRecord,
  type Placement,
  type PlaceOptions,
  parentIn,
  segmentOf,
  startIn,
} from './api.ts';
import {
  activeSpan,
  type Conversation,
  type InputMessages,
  isInTrace,
  isOfUser,
  type Segment,
} from './conversations/conversation.ts';
import { contextInConversation } from './conversations/own-trace.ts';
import type { Dialect, Intent } from './dialect.ts';
import { type EngineState, Facts, type ObservedCall } from './facts.ts';
import type { AgentInvocation } from './invocations/agent-invocation.ts';
import { addRequestEvent, findCut, isLeft, type RequestEvent } from './invocations/invocation.ts';
import { dateOf, OperationClock } from './operation-clock.ts';
import { type Acceptance, type QueuedMessage, type Session, Sessions } from './sessions.ts';
import { LONG_LIFETIME_MS } from './store.ts';
import type { ConversationTracker } from './tracker.ts';

/** Tracks the conversations, invocations and steps of one API. The dialect reads them from the API's own objects. */
export class Engine implements ConversationApi {
  readonly #state: EngineState;

  constructor(tracker: ConversationTracker, dialect: Dialect) {
    const { kind, identifiesAtOnce } = dialect;
    const sessions = new Sessions(tracker, kind);
    if (!identifiesAtOnce) tracker.recorded.set(kind, (invocation) => sessions.forget(invocation));
    this.#state = {
      telemetry: tracker.telemetry,
      tracker,
      dialect,
      sessions,
      handedOn: tracker.store.shelf(),
      agentReads: tracker.store.shelf({ lifetimeMs: LONG_LIFETIME_MS }),
    };
  }

  place(call: Call, request: ApiRequest, endpoint: Endpoint, options: PlaceOptions): Placement {
    const { dialect, telemetry, tracker } = this.#state;
    const { kind } = dialect;
    const intent = dialect.intent(request, telemetry.wantsContent);
    const id = intent.conversationId;
    if (intent.conversation !== 'none')
      call.context = contextInConversation(call.context, tracker, kind, id, endpoint.origin);
    const { context, startTime } = call;
    const active = activeSpan(context);
    const { route } = request;
    const observed: ObservedCall = { call, route, intent, kind, id, context, active, endpoint, startTime };
    const facts = new Facts(this.#state, observed, id, intent);
    const driven = facts.findDriven();
    const starts = intent.invocation === 'starts' && driven === undefined;
    // An invocation that is handed on is recorded by another process. Here, its request has a span of its own.
    if (starts && !handsOn(call, telemetry.settings, dialect.identifiesAtOnce))
      return new InvocationRequest(observed, facts, this.#start(observed, request, options), true);
    // A request from another trace than the invocation has a span of its own, with a link to the invocation.
    if (driven === undefined || !isInTrace(active, driven.spanContext.traceId))
      return this.#place(observed, facts, driven);
    call.goBy(driven.clock.own);
    return new InvocationRequest(observed, facts, driven);
  }

  #place(observed: ObservedCall, facts: Facts, driven: AgentInvocation | undefined): Placement {
    const { dialect, tracker } = this.#state;
    const { call, intent } = observed;
    const segment =
      intent.conversation === 'none'
        ? undefined
        : segmentOf(tracker, observed, intent.conversation === 'reads', observed.active);
    const driving = driven === undefined ? undefined : new InvocationRequest(observed, facts, driven);
    if (intent.conversation === 'creates' && call.streamed)
      facts.conversationCreated = (id) => this.#created(observed, segment, id);
    const listed = intent.invocation === 'lists' ? this.#listed(observed) : undefined;
    const named = intent.invocation === 'drives' ? intent.invocationId : undefined;
    const about = driven?.spanContext ?? tracker.known.span(named, observed.endpoint.origin);
    const { query } = call;
    segment?.requestStarted();
    return {
      parent: parentIn(segment, call.context, observed.active),
      startTime: startIn(segment, call),
      attributes: dialect.attributes,
      links: about && [{ context: about }],
      hearsEvents: true,
      onFact: (event, time) =>
        driving === undefined ? facts.readEvent(event, time) : driving.onFact(event, time),
      onEnd: (ended, _, record) => {
        this.#conversationUsed(observed, segment, ended);
        if (ended.handsOn && ended.outcome === 'value') this.#handOn(observed, ended.value, record);
        if (driving !== undefined) driving.settled(ended);
        else {
          if (ended.outcome === 'value') facts.read(ended.value, ended.endTime, query);
          if (ended.error === undefined) facts.answer(ended.startTime);
        }
        const creator = facts.creator ?? this.#creatorOf(observed, ended.value, record);
        if (creator !== undefined && creator.spanId !== driven?.spanContext.spanId) record.link(creator);
        listed?.hear({ type: 'answered', outlives: false });
        segment?.requestEnded(ended.endTime);
        // If the call has adopted an invocation, that invocation has opened a segment.
        if (segment === undefined && intent.invocation !== 'none')
          tracker.find(observed)?.touch(ended.endTime);
        return undefined;
      },
    };
  }

  #conversation(id: string, { origin }: Endpoint): Conversation {
    const { tracker, dialect } = this.#state;
    return tracker.conversation(dialect.kind, id, origin);
  }

  /**
   * The invocation whose steps the program lists. Once it has done so after an end, our own GET requests let it go first.
   * Before that, they start at once: the program may delete the conversation, and with it the steps.
   */
  #listed({ intent, endpoint }: ObservedCall): AgentInvocation | undefined {
    const { tracker } = this.#state;
    const { invocationId = '', conversationId } = intent;
    const invocation = tracker.known.open(invocationId, endpoint.origin, conversationId);
    if (invocation?.life.overSince !== undefined) tracker.reads.isPatient = true;
    invocation?.hear({ type: 'asked', outlives: false });
    return invocation;
  }

  #handOn({ call, intent, endpoint }: ObservedCall, value: unknown, record: OpenRecord): void {
    const { dialect, handedOn } = this.#state;
    const id = dialect.invocationOf(value);
    const conversationId = intent.conversationId ?? dialect.conversationOf(value);
    if (id === undefined || conversationId === undefined) return;
    const input = this.#conversation(conversationId, endpoint).takeUnanswered();
    const creator = creatorIn(record.context);
    const startTime = justAfter(call.startTime + SPAN_ROOM_MS);
    handedOn.set(endpoint.origin, id, { startTime, creator, input });
  }

  #start(observed: ObservedCall, request: ApiRequest, { startAttributes }: PlaceOptions): AgentInvocation {
    const { dialect, tracker, sessions } = this.#state;
    const { call, id, context, endpoint } = observed;
    const session = dialect.identifiesAtOnce ? undefined : sessions.known(id, endpoint.origin);
    const told = session?.agent ?? dialect.requested(request, tracker.telemetry.wantsContent);
    const { agentId } = told;
    const agent = told.agent ?? tracker.agents.get(endpoint.origin, agentId);
    const attributes: Attributes = { ...told.parameters };
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, told.model ?? agent?.model);
    if (call.streamed) attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
    Object.assign(attributes, startAttributes);
    return tracker.openInvocation({
      kind: dialect.kind,
      segment: tracker.open(observed, observed.active),
      agent,
      agentId,
      endpoint,
      attributes,
      input: this.#inputOf(observed),
      content: told.content,
      vectorStoreIds: told.vectorStoreIds,
      context,
      startTime: call.startTime,
      clock: new OperationClock(call.ownClock),
    });
  }

  /** The messages that an invocation answers: the unanswered ones of the conversation and those of the request. */
  #inputOf({ intent, endpoint }: ObservedCall): InputMessages {
    const { messages, conversationId } = intent;
    if (conversationId === undefined)
      return {
        count: messages.filter(isOfUser).length,
        messages: messages.filter((message) => message !== undefined),
        isAll: true,
      };
    const conversation = this.#conversation(conversationId, endpoint);
    for (const message of messages) conversation.add(message);
    return conversation.takeUnanswered();
  }

  /** @param segment may have been opened before the conversation's id was known */
  #conversationUsed(observed: ObservedCall, segment: Segment | undefined, call: Call): void {
    const { intent, endpoint } = observed;
    const { tracker, dialect } = this.#state;
    const succeeded = call.outcome === 'value';
    if (intent.conversation === 'creates') {
      const id = succeeded ? dialect.conversationOf(call.value) : undefined;
      if (id !== undefined) this.#created(observed, segment, id);
      else if (segment?.conversation === undefined) segment?.end(call.endTime);
    }
    const id = intent.conversationId;
    if (!succeeded || id === undefined) return;
    if (intent.conversation === 'changes')
      for (const message of intent.messages) this.#conversation(id, endpoint).add(message);
    if (intent.conversation !== 'deletes') return;
    segment?.touch(call.endTime);
    tracker.endConversation(dialect.kind, id, endpoint.origin);
  }

  #created(observed: ObservedCall, segment: Segment | undefined, id: string): void {
    const { kind, context, active, endpoint, startTime } = observed;
    const conversation = this.#conversation(id, endpoint);
    // This segment stands beside the request that created the conversation, and starts just after it.
    const use = { kind, id, context, endpoint, startTime: justAfter(startTime) };
    if (segment === undefined) this.#state.tracker.open(use, active)?.touch();
    else segment.identify(conversation);
    conversation.created();
    for (const message of observed.intent.messages) conversation.add(message);
  }

  /** For a request that reads a conversation: the span that created the conversation, if it is in another trace. */
  #creatorOf({ intent }: ObservedCall, value: unknown, record: OpenRecord): SpanContext | undefined {
    const { dialect, telemetry } = this.#state;
    if (dialect.identifiesAtOnce || intent.conversation !== 'reads') return undefined;
    const creator = creatorOf(value, telemetry.settings);
    return creator?.traceId === trace.getSpanContext(record.context)?.traceId ? undefined : creator;
  }
}

const RUN_REQUEST: RequestEvent = { name: EVENT_OPENAI_RUN_REQUEST, status: ATTR.OPENAI_RUN_STATUS };

/**
 * A request that starts an invocation or is about one, such as a poll or a tool output. In the trace of the invocation,
 * it is folded into the invocation's span; in another trace, it has its own span. Its result counts in both cases.
 */
class InvocationRequest implements Placement {
  readonly parent: Context;
  readonly foldInto: AgentInvocation;
  readonly opens: boolean;
  readonly hearsEvents: boolean = true;
  readonly #facts: Facts;
  readonly #intent: Intent;
  readonly #route: Route;
  readonly #session: Session | undefined;
  /** Whether it is a stream of a conversation's events, which may outlive the invocation and does not keep it open. */
  readonly #outlives: boolean;
  readonly #sentAt: number;
  /** Set if the request starts an invocation, or may do so, whose id the response does not contain. */
  #acceptance: Acceptance | undefined;
  #queued: QueuedMessage | undefined;
  #answered = false;

  constructor(observed: ObservedCall, facts: Facts, invocation: AgentInvocation, opens: boolean = false) {
    const { dialect, sessions } = facts.engine;
    const { call, route, intent, endpoint } = observed;
    this.parent = invocation.contextIn(observed.context);
    this.foldInto = invocation;
    this.opens = opens;
    this.#facts = facts;
    this.#intent = intent;
    this.#route = route;
    this.#outlives = !opens && call.streamed && !dialect.identifiesAtOnce;
    this.#sentAt = facts.timeFor(invocation, call.startTime);
    facts.requestInvocation = invocation;
    invocation.hear({ type: 'asked', outlives: this.#outlives }, this.#sentAt);
    if (dialect.identifiesAtOnce) return;
    const { conversationId } = intent;
    if (opens) {
      facts.conversationCreated = (id) => this.#conversationCreated(id);
      if (conversationId !== undefined) this.#wait(conversationId);
      return;
    }
    this.#session = sessions.known(conversationId, endpoint.origin);
    if (intent.messages.length > 0) this.#queue(observed);
  }

  onFact(event: unknown, time: number): void {
    this.#answer();
    this.#facts.readEvent(event, time);
  }

  onEnd(call: Call): Following {
    this.settled(call, true);
    return undefined;
  }

  settled(call: Call, isFolded: boolean = false): void {
    const invocation = this.foldInto;
    const time = this.#facts.timeFor(invocation, call.endTime);
    try {
      if (isFolded) this.#fold(call);
      if (this.opens) this.#created(call);
      else this.#drove(call);
      if (isLeft(call)) invocation.hear({ type: 'left' }, time);
    } finally {
      invocation.hear({ type: 'answered', outlives: this.#outlives }, time);
    }
    if (call.error === undefined && !invocation.isRecorded) invocation.touch(time);
  }

  /** Notes on the invocation's span what a span of the request would show. */
  #fold(call: Call): void {
    const { foldInto: invocation, parent } = this;
    if (this.#facts.engine.dialect.identifiesAtOnce) findCut(call, invocation);
    // The attempts to start it have spans even if it was recorded before its stream ended.
    if (call.attemptCount > 1 && (this.opens || !invocation.isRecorded))
      recordAttempts(invocation.telemetry, call, parent, placeAttributes(invocation.place));
    if (invocation.isRecorded) return;
    if (this.opens) {
      const attributes = { ...callAttributes(call), ...rateLimitsIn(headersOf(call)) };
      if (call.streamed) attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
      invocation.addAttributes(attributes);
    } else if (call.error === undefined && call.method === 'GET' && !this.#outlives) invocation.pollCount++;
    else addRequestEvent(invocation.openRecord.span, RUN_REQUEST, call, this.#route);
  }

  #created(call: Call): void {
    const invocation = this.foldInto;
    const facts = this.#facts;
    // The response shows the state of a new conversation as it is now.
    const isNew = !facts.engine.dialect.identifiesAtOnce;
    if (call.outcome === 'value') facts.read(call.value, call.endTime, undefined, isNew);
    if (call.error !== undefined) this.#acceptance = undefined;
    if (this.#acceptance !== undefined) {
      accept(this.#acceptance, call, invocation);
      // If the server never reports its id, the newest invocations of its conversation are read.
      invocation.read ??= facts.reader(invocation);
    }
    if (invocation.id === undefined && this.#acceptance === undefined) abandon(invocation, call);
    else invocation.touch(call.endTime);
    if (call.error === undefined) this.#answer();
  }

  #drove(call: Call): void {
    const { foldInto: invocation } = this;
    if (!invocation.isRecorded) addStreamPart(invocation, call);
    if (call.error === undefined) this.#accepted(call);
    else if (this.#queued !== undefined) this.#session?.queued.delete(this.#queued);
    if (call.outcome === 'value') this.#facts.read(call.value, call.endTime);
  }

  /** Called when the server has accepted the input of the request. */
  #accepted(call: Call): void {
    const { foldInto: invocation } = this;
    // The server accepts such a request only during the invocation, so that was open when this was sent. Its end, in
    // whole seconds, may seem to be earlier.
    if (this.#intent.needsOpenInvocation) invocation.hear({ type: 'sign' }, this.#sentAt);
    this.#answer();
    if (this.#acceptance === undefined || this.#session === undefined) return;
    accept(this.#acceptance, call, invocation);
    const { tracker, dialect } = this.#facts.engine;
    const { id } = this.#session;
    const conversation = tracker.conversation(dialect.kind, id, invocation.endpoint.origin);
    for (const message of this.#intent.messages) conversation.add(message);
  }

  /** Ends the functions whose outputs the request brings: they ended when it was sent, not when its stream began. */
  #answer(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#facts.answer(this.#sentAt, this.opens ? undefined : this.foldInto);
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
    const { foldInto: invocation } = this;
    const session = this.#facts.engine.sessions.at(sessionId, invocation.endpoint.origin);
    invocation.requestedIn(sessionId);
    this.#acceptance = { acceptedAt: undefined, notBefore: undefined };
    session.queued.clear();
    session.waiting.set(invocation, this.#acceptance);
  }

  /** Remembers the messages of the request: they may start the next invocation. */
  #queue({ context, endpoint, call: { startTime, ownClock } }: ObservedCall): void {
    const { life, clock } = this.foldInto;
    const caller = callerTraceOf(context);
    const message = { caller, endpoint, startTime, ownClock, life, clock };
    this.#queued = { ...message, acceptedAt: undefined, notBefore: undefined };
    this.#acceptance = this.#queued;
    this.#session?.queue(this.#queued);
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

/** Notes when the server accepted a request, by our clock and by its `date`: only later lists can show its effect. */
function accept(acceptance: Acceptance, call: Call, { clock }: AgentInvocation): void {
  acceptance.acceptedAt = clock.from(call.endTime, call.ownClock);
  const date = dateOf(call.headers);
  const duration = call.endTime - call.startTime;
  if (date !== undefined) acceptance.notBefore = date - duration - 1_000;
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
