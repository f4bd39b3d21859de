import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { ApiRequest } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
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
import type { Dialect } from './dialect.ts';
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
    const { conversationId: id } = intent;
    if (intent.conversation !== 'none')
      call.context = contextInConversation(call.context, tracker, kind, id, endpoint.origin);
    const { context, startTime } = call;
    const active = activeSpan(context);
    const { route } = request;
    const observed: ObservedCall = { call, route, intent, kind, id, context, active, endpoint, startTime };
    return new EngineRequest(this.#state, observed, request, options);
  }
}

const RUN_REQUEST: RequestEvent = { name: EVENT_OPENAI_RUN_REQUEST, status: ATTR.OPENAI_RUN_STATUS };

/**
 * A request of the API. If it starts an invocation or is about one, such as a poll or a tool output, it is folded into
 * the invocation's span; in another trace, it has a span of its own with a link. Its result counts in all cases.
 */
class EngineRequest implements Placement {
  readonly parent: Context;
  readonly startTime: number | undefined;
  readonly attributes: Attributes | undefined;
  readonly links: Link[] | undefined;
  readonly foldInto: AgentInvocation | undefined;
  readonly opens: boolean;
  readonly hearsEvents: boolean = true;
  readonly #observed: ObservedCall;
  readonly #query: unknown;
  readonly #facts: Facts;
  readonly #invocation: AgentInvocation | undefined;
  readonly #listed: AgentInvocation | undefined;
  /** The part of the conversation in which the request has its own span. */
  readonly #segment: Segment | undefined;
  /** Whether it is a stream of a conversation's events, which may outlive the invocation and does not keep it open. */
  readonly #outlives: boolean;
  /** Set if the request starts an invocation, or may do so, whose id the response does not contain. */
  #acceptance: Acceptance | QueuedMessage | undefined;
  /** Whether nothing is left to answer. */
  #answered: boolean;

  constructor(engine: EngineState, observed: ObservedCall, request: ApiRequest, options: PlaceOptions) {
    const { dialect, telemetry, tracker } = engine;
    const { call, intent, context, active, endpoint } = observed;
    const { origin } = endpoint;
    this.#observed = observed;
    this.#query = call.query;
    this.#answered = intent.outputs.length === 0;
    const facts = new Facts(engine, observed, intent.conversationId, intent, this);
    this.#facts = facts;
    const driven = facts.findDriven();
    // An invocation that is handed on is recorded by another process. Here, its request has a span of its own.
    this.opens =
      intent.invocation === 'starts' &&
      driven === undefined &&
      !handsOn(call, telemetry.settings, dialect.identifiesAtOnce);
    if (this.opens) facts.requestInvocation = this.#start(request, options);
    const invocation = facts.requestInvocation;
    this.#invocation = invocation;
    this.#outlives = !this.opens && call.streamed && !dialect.identifiesAtOnce;
    if (invocation !== undefined && (this.opens || isInTrace(active, invocation.spanContext.traceId))) {
      if (!this.opens) call.goBy(invocation.clock.own);
      this.foldInto = invocation;
      this.parent = invocation.contextIn(context);
    } else {
      const isReading = intent.conversation === 'reads';
      this.#segment =
        intent.conversation === 'none' ? undefined : segmentOf(tracker, observed, isReading, active);
      this.#segment?.requestStarted();
      this.#listed = intent.invocation === 'lists' ? this.#findListed() : undefined;
      const named = intent.invocation === 'drives' ? intent.invocationId : undefined;
      const about = invocation?.spanContext ?? tracker.known.at(named, origin)?.span;
      this.links = about && [{ context: about }];
      this.parent = parentIn(this.#segment, context, active);
      this.startTime = startIn(this.#segment, call);
      this.attributes = dialect.attributes;
    }
    if (invocation === undefined) return;
    invocation.hear({ type: 'asked', outlives: this.#outlives }, facts.timeFor(invocation, call.startTime));
    if (dialect.identifiesAtOnce) return;
    const { conversationId, messages } = intent;
    if (!this.opens && messages.length > 0) this.#queue(invocation);
    else if (this.opens && conversationId !== undefined) this.#wait(invocation, conversationId);
  }

  onFact(event: unknown, time: number): void {
    if (!this.#answered) this.#answer();
    this.#facts.readEvent(event, time);
  }

  onEnd(call: Call, _: unknown, record: OpenRecord): Following {
    const { intent } = this.#observed;
    const invocation = this.#invocation;
    if (this.foldInto !== undefined) {
      this.#settle(call, this.foldInto);
      return undefined;
    }
    this.#conversationUsed(call);
    if (call.handsOn && call.outcome === 'value') this.#handOn(call.value, record);
    if (invocation !== undefined) this.#settle(call, invocation);
    else {
      if (call.outcome === 'value') this.#facts.read(call.value, call.endTime, this.#query);
      if (call.error === undefined && !this.#answered) this.#answer();
    }
    const creator = this.#facts.creator ?? this.#creatorOf(call.value, record);
    if (creator !== undefined && creator.spanId !== invocation?.spanContext.spanId) record.link(creator);
    this.#listed?.hear({ type: 'answered', outlives: false });
    this.#segment?.requestEnded(call.endTime);
    // If the call has adopted an invocation, that invocation has opened a segment.
    if (this.#segment === undefined && intent.invocation !== 'none')
      this.#facts.engine.tracker.find(this.#observed)?.touch(call.endTime);
    return undefined;
  }

  #start(request: ApiRequest, { startAttributes }: PlaceOptions): AgentInvocation {
    const { dialect, tracker, sessions, telemetry } = this.#facts.engine;
    const { call, id, kind, context, endpoint, startTime } = this.#observed;
    const session = dialect.identifiesAtOnce ? undefined : sessions.known(id, endpoint.origin);
    const told = session?.agent ?? dialect.requested(request, telemetry.wantsContent);
    return tracker.beginInvocation({
      kind,
      conversationId: id,
      told,
      agent: told.agent,
      content: told.content,
      vectorStoreIds: told.vectorStoreIds,
      attributes: { ...(call.streamed && { [ATTR.GEN_AI_REQUEST_STREAM]: true }), ...startAttributes },
      input: this.#input(),
      endpoint,
      context,
      startTime,
      clock: new OperationClock(call.ownClock),
    });
  }

  /** The messages that an invocation answers: the unanswered ones of the conversation and those of the request. */
  #input(): InputMessages {
    const { messages, conversationId } = this.#observed.intent;
    if (conversationId === undefined)
      return {
        count: messages.filter(isOfUser).length,
        messages: messages.filter((message) => message !== undefined),
        isAll: true,
      };
    const conversation = this.#conversation(conversationId);
    for (const message of messages) conversation.add(message);
    return conversation.takeUnanswered();
  }

  #conversation(id: string): Conversation {
    const { kind, endpoint } = this.#observed;
    return this.#facts.engine.tracker.conversation(kind, id, endpoint.origin);
  }

  /**
   * The invocation whose steps the program lists. Once it has done so after an end, our own GET requests let it go first.
   * Before that, they start at once: the program may delete the conversation, and with it the steps.
   */
  #findListed(): AgentInvocation | undefined {
    const { tracker } = this.#facts.engine;
    const { intent, endpoint } = this.#observed;
    const invocation = tracker.known.open(intent.invocationId, endpoint.origin, intent.conversationId);
    if (invocation?.life.overSince !== undefined) tracker.reads.isPatient = true;
    invocation?.hear({ type: 'asked', outlives: false });
    return invocation;
  }

  #handOn(value: unknown, record: OpenRecord): void {
    const { dialect, handedOn } = this.#facts.engine;
    const { call, intent, endpoint } = this.#observed;
    const id = dialect.invocationOf(value);
    const conversationId = intent.conversationId ?? dialect.conversationOf(value);
    if (id === undefined || conversationId === undefined) return;
    const input = this.#conversation(conversationId).takeUnanswered();
    const startTime = justAfter(call.startTime + SPAN_ROOM_MS);
    handedOn.set(endpoint.origin, id, { startTime, creator: creatorIn(record.context), input });
  }

  #conversationUsed(call: Call): void {
    const { intent, endpoint, kind } = this.#observed;
    const { tracker, dialect } = this.#facts.engine;
    const segment = this.#segment;
    const succeeded = call.outcome === 'value';
    if (intent.conversation === 'creates') {
      const created = succeeded ? dialect.conversationOf(call.value) : undefined;
      if (created !== undefined) this.created(created);
      else if (segment?.conversation === undefined) segment?.end(call.endTime);
    }
    const id = intent.conversationId;
    if (!succeeded || id === undefined) return;
    if (intent.conversation === 'changes' && intent.messages.length > 0) this.#addMessages(id);
    if (intent.conversation !== 'deletes') return;
    segment?.touch(call.endTime);
    tracker.endConversation(kind, id, endpoint.origin);
  }

  #addMessages(id: string): void {
    const conversation = this.#conversation(id);
    for (const message of this.#observed.intent.messages) conversation.add(message);
  }

  /** Called once the id of the conversation that the request creates is known. */
  created(id: string): void {
    const { intent, startTime, active, ...use } = this.#observed;
    const invocation = this.#invocation;
    if (invocation !== undefined) {
      if (!this.opens) return;
      this.#wait(invocation, id);
      invocation.identifyConversation(this.#conversation(id));
      return;
    }
    if (intent.conversation !== 'creates' || this.#facts.conversationId !== undefined) return;
    this.#facts.conversationId = id;
    const conversation = this.#conversation(id);
    // This segment stands beside the request that created the conversation, and starts just after it.
    if (this.#segment !== undefined) this.#segment.identify(conversation);
    else this.#facts.engine.tracker.open({ ...use, id, startTime: justAfter(startTime) }, active)?.touch();
    conversation.created();
    for (const message of intent.messages) conversation.add(message);
  }

  /** For a request that reads a conversation: the span that created the conversation, if it is in another trace. */
  #creatorOf(value: unknown, record: OpenRecord): SpanContext | undefined {
    const { dialect, telemetry } = this.#facts.engine;
    if (dialect.identifiesAtOnce || this.#observed.intent.conversation !== 'reads') return undefined;
    const creator = creatorOf(value, telemetry.settings);
    return creator?.traceId === trace.getSpanContext(record.context)?.traceId ? undefined : creator;
  }

  #settle(call: Call, invocation: AgentInvocation): void {
    const time = this.#facts.timeFor(invocation, call.endTime);
    try {
      if (this.foldInto !== undefined) this.#fold(call, invocation);
      if (this.opens) this.#started(call, invocation);
      else this.#drove(call, invocation);
      if (isLeft(call)) invocation.hear({ type: 'left' }, time);
    } finally {
      invocation.hear({ type: 'answered', outlives: this.#outlives }, time);
    }
    if (call.error === undefined && !invocation.isRecorded) invocation.touch(time);
  }

  /** Notes on the invocation's span what a span of the request would show. */
  #fold(call: Call, invocation: AgentInvocation): void {
    if (this.#facts.engine.dialect.identifiesAtOnce) findCut(call, invocation);
    // The attempts to start it have spans even if it was recorded before its stream ended.
    if (call.attemptCount > 1 && (this.opens || !invocation.isRecorded))
      recordAttempts(invocation.telemetry, call, this.parent, placeAttributes(invocation.place));
    if (invocation.isRecorded) return;
    if (this.opens) {
      const attributes = { ...callAttributes(call), ...rateLimitsIn(headersOf(call)) };
      if (call.streamed) attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
      invocation.addAttributes(attributes);
    } else if (call.error === undefined && call.method === 'GET' && !this.#outlives) invocation.pollCount++;
    else addRequestEvent(invocation.openRecord.span, RUN_REQUEST, call, this.#observed.route);
  }

  #started(call: Call, invocation: AgentInvocation): void {
    const facts = this.#facts;
    // The response shows the state of a new conversation as it is now.
    const isNew = !this.#facts.engine.dialect.identifiesAtOnce;
    if (call.outcome === 'value') facts.read(call.value, call.endTime, undefined, isNew);
    if (call.error !== undefined) this.#acceptance = undefined;
    if (this.#acceptance !== undefined) {
      accept(this.#acceptance, call, invocation);
      // If the server never reports its id, the newest invocations of its conversation are read.
      invocation.read ??= facts.reader(invocation);
    }
    if (invocation.id === undefined && this.#acceptance === undefined) abandon(invocation, call);
    else invocation.touch(call.endTime);
    if (call.error === undefined && !this.#answered) this.#answer();
  }

  #drove(call: Call, invocation: AgentInvocation): void {
    if (!invocation.isRecorded) addStreamPart(invocation, call);
    if (call.error === undefined) this.#accepted(call, invocation);
    else if (this.#acceptance !== undefined) this.#session?.queued.delete(this.#acceptance as QueuedMessage);
    if (call.outcome === 'value') this.#facts.read(call.value, call.endTime);
  }

  #accepted(call: Call, invocation: AgentInvocation): void {
    // The server accepts such a request only during the invocation, so that was open when this was sent. Its end, in
    // whole seconds, may seem to be earlier.
    if (this.#observed.intent.needsOpenInvocation)
      invocation.hear({ type: 'sign' }, this.#facts.timeFor(invocation, call.startTime));
    if (!this.#answered) this.#answer();
    const session = this.#acceptance && this.#session;
    if (this.#acceptance === undefined || session === undefined) return;
    accept(this.#acceptance, call, invocation);
    this.#addMessages(session.id);
  }

  get #session(): Session | undefined {
    const { intent, endpoint } = this.#observed;
    return this.#facts.engine.sessions.known(intent.conversationId, endpoint.origin);
  }

  /** Ends the functions whose outputs the request brings: they ended when it was sent, not when its stream began. */
  #answer(): void {
    this.#answered = true;
    this.#facts.answer(this.opens ? undefined : this.#invocation);
  }

  /** Makes the invocation wait for its id: the response does not contain it, but a later event or list does. */
  #wait(invocation: AgentInvocation, sessionId: string): void {
    const session = this.#facts.engine.sessions.at(sessionId, invocation.endpoint.origin);
    invocation.requestedIn(sessionId);
    this.#acceptance = { acceptedAt: undefined, notBefore: undefined };
    session.queued.clear();
    session.waiting.set(invocation, this.#acceptance);
  }

  /** Remembers the messages of the request: they may start the next invocation. */
  #queue({ life, clock }: AgentInvocation): void {
    const { context, endpoint, call, startTime } = this.#observed;
    const caller = callerTraceOf(context);
    const message = { caller, endpoint, startTime, ownClock: call.ownClock, life, clock };
    const queued: QueuedMessage = { ...message, acceptedAt: undefined, notBefore: undefined };
    this.#acceptance = queued;
    this.#session?.queue(queued);
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
