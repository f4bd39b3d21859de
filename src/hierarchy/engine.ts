import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { ApiRequest } from '../operations/index.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUEST } from '../semconv/events.ts';
import { recordAttempts } from '../telemetry/attempts.ts';
import { callAttributes, headersOf, rateLimitsIn, reachedLimits } from '../telemetry/call-attributes.ts';
import { callerTraceOf, contextOf } from '../telemetry/metadata.ts';
import { readThrown } from '../telemetry/outcomes/failure.ts';
import type { AnswerEnd, Following, OpenRecord, Placement } from '../telemetry/placement.ts';
import { inOrder, justAfter, SPAN_ROOM_MS } from '../util/clock.ts';
import { stringField } from '../util/payload.ts';
import { type ConversationApi, type PlaceOptions, parentIn } from './conversation-api.ts';
import {
  activeSpan,
  type InputMessages,
  isInTrace,
  isOfUser,
  type Segment,
} from './conversations/conversation.ts';
import { contextInConversation } from './conversations/own-trace.ts';
import type { Intent, ToolOutput } from './dialect.ts';
import { type AskingRequest, EngineState, Facts } from './facts.ts';
import type { Acceptance, AgentInvocation } from './invocations/agent-invocation.ts';
import {
  addRequestEvent,
  endOfStream,
  isLeft,
  type RequestEvent,
  withStream,
} from './invocations/invocation.ts';
import { isInProgress } from './invocations/state-machine.ts';
import { dateOf, OperationClock } from './operation-clock.ts';
import type { QueuedMessage, Session } from './sessions.ts';

export class Engine extends EngineState implements ConversationApi {
  place(call: ReadonlyCall, request: ApiRequest, endpoint: Endpoint, options: PlaceOptions): Placement {
    return new EngineRequest(this, call, request, endpoint, options);
  }
}

const RUN_REQUEST: RequestEvent = { name: EVENT_OPENAI_RUN_REQUEST, status: ATTR.OPENAI_RUN_STATUS };

/**
 * A request that starts or drives an invocation is folded into the invocation's span. If it is in another
 * trace, it has a span of its own, which links to the invocation.
 */
class EngineRequest implements Placement, AskingRequest {
  readonly parent: Context;
  readonly startTime: number | undefined;
  readonly attributes: Attributes | undefined;
  readonly links: Link[] | undefined;
  readonly foldInto: AgentInvocation | undefined;
  readonly opens: boolean;
  readonly mark: Placement['mark'];
  readonly needsEvents: boolean = true;
  readonly #engine: EngineState;
  readonly #call: ReadonlyCall;
  readonly #route: Route;
  readonly #query: unknown;
  readonly #intent: Intent;
  /** Applies what the answer shows. */
  readonly #facts: Facts;
  readonly #isHandedOn: boolean;
  readonly #listed: AgentInvocation | undefined;
  readonly #segment: Segment | undefined;
  /** Whether the request streams a conversation's events. Such a stream keeps no invocation open. */
  readonly #outlives: boolean;
  /** Set if the request sends messages during an invocation. These may start the next invocation. */
  #queued: QueuedMessage | undefined;
  /** Messages of the conversation that the request has the model answer. By default, of one that it creates. */
  #taken: InputMessages = { count: 0, messages: [], isAll: true };
  /** The outputs of functions in the request that are not applied yet. */
  #outputs: readonly ToolOutput[];

  constructor(
    engine: EngineState,
    call: ReadonlyCall,
    request: ApiRequest,
    endpoint: Endpoint,
    options: PlaceOptions,
  ) {
    const { dialect, tracker } = engine;
    const { kind } = dialect;
    const { processes } = tracker;
    const intent = dialect.intent(request, tracker.telemetry.wantsContent);
    const { conversation, conversationId: id } = intent;
    const context =
      conversation === 'none'
        ? call.context
        : contextInConversation(call.context, tracker, kind, id, endpoint.origin);
    const active = activeSpan(context);
    this.#engine = engine;
    this.#call = call;
    this.#route = request.route;
    this.#query = call.query;
    this.#intent = intent;
    const { outputs } = intent;
    const facts = new Facts(engine, { endpoint, call, context, outputs, conversationId: id }, this);
    this.#facts = facts;
    this.#outputs = outputs;
    const driven = this.#findDriven();
    facts.mayAdopt = driven === undefined && intent.invocation === 'drives' && processes !== undefined;
    const starts = intent.invocation === 'starts' && driven === undefined;
    this.#isHandedOn = starts && processes?.asked(call, dialect.identifiesAtOnce) === true;
    this.mark = processes?.mark(request, this.#isHandedOn);
    // If the invocation is handed on, the request has a span of its own here.
    this.opens = starts && !this.#isHandedOn;
    const invocation = this.opens ? this.#start(request, options) : driven;
    facts.about = invocation;
    this.#outlives = !this.opens && call.streamed && !dialect.identifiesAtOnce;
    if (invocation !== undefined && (this.opens || isInTrace(active, invocation.spanContext.traceId))) {
      this.foldInto = invocation;
      this.parent = invocation.contextIn(context);
    } else {
      const use = { kind, id, context, endpoint, startTime: call.startTime };
      if (conversation !== 'none') this.#segment = tracker.enter(use, active, conversation !== 'reads');
      this.#segment?.requestStarted();
      this.#listed = intent.invocation === 'lists' ? this.#findListed() : undefined;
      const named = intent.invocation === 'drives' ? intent.invocationId : undefined;
      const about = invocation?.spanContext ?? tracker.invocations.get(endpoint.origin, named)?.span;
      this.links = about && [{ context: about }];
      this.parent = parentIn(this.#segment, context, active);
      this.startTime = inOrder(call.startTime, this.#segment?.startTime);
      this.attributes = engine.attributes;
    }
    this.#sendOutputs(driven);
    if (invocation !== undefined) this.#ask(invocation);
  }

  /** The open invocation that the request polls, cancels or answers, or that it sends messages to. */
  #findDriven(): AgentInvocation | undefined {
    const { invocation: use, invocationId } = this.#intent;
    if (use !== 'starts' && use !== 'drives') return undefined;
    const found = this.#named(invocationId);
    return found !== undefined && isInProgress(found.life) ? found : undefined;
  }

  /**
   * The invocation with this id or, without an id, the one in progress. An unknown id may be that of the
   * invocation in progress, as long as that has none.
   */
  #named(id: string | undefined, resumes = true): AgentInvocation | undefined {
    const inProgress = this.#session?.inProgress;
    if (id === undefined) return inProgress;
    const known = this.#facts.findOrResume(id, undefined, resumes);
    if (known ?? inProgress?.id) return known;
    return this.#engine.tracker.invocations.get(this.#facts.endpoint.origin, id) ? undefined : inProgress;
  }

  /** The conversation's session, if only later events and lists identify its invocations. */
  get #session(): Session | undefined {
    const { dialect, sessions } = this.#engine;
    if (dialect.identifiesAtOnce) return undefined;
    return sessions.get(this.#facts.endpoint.origin, this.#intent.conversationId);
  }

  #start(request: ApiRequest, { startAttributes }: PlaceOptions): AgentInvocation {
    const { dialect, tracker } = this.#engine;
    const { endpoint, context, conversationId, content } = this.#facts;
    const call = this.#call;
    return tracker.beginInvocation({
      kind: dialect.kind,
      conversationId,
      reported: this.#session?.agent ?? dialect.requested(request, content),
      attributes: { ...(call.streamed && { [ATTR.GEN_AI_REQUEST_STREAM]: true }), ...startAttributes },
      input: this.#input(),
      endpoint,
      context,
      startTime: call.startTime,
      clock: new OperationClock(call.ownClock),
    });
  }

  #input(): InputMessages {
    const { messages, conversationId } = this.#intent;
    if (conversationId !== undefined)
      this.#taken = this.#facts.conversationOf(conversationId).takeUnanswered();
    const { count, messages: before, isAll } = this.#taken;
    const own = messages.filter((message) => message !== undefined);
    return { count: count + messages.filter(isOfUser).length, messages: [...before, ...own], isAll };
  }

  /**
   * Once the program has listed the steps of an ended invocation itself, our own reads let it go first. Until
   * then, they start at once, because the program may delete the conversation.
   */
  #findListed(): AgentInvocation | undefined {
    const listed = this.#facts.findOrResume(this.#intent.invocationId, undefined, false);
    if (listed !== undefined && !isInProgress(listed.life)) this.#engine.tracker.reads.isPatient = true;
    listed?.apply({ type: 'asked', outlives: false });
    return listed;
  }

  /** Notes when the functions ended. The server may accept their outputs only in a later request. */
  #sendOutputs(driven: AgentInvocation | undefined): void {
    for (const { invocationId: id, callId } of this.#outputs) {
      const invocation = id === undefined ? driven : this.#named(id, false);
      invocation?.steps.sent(callId, this.#facts.timeFor(invocation, this.#call.startTime));
    }
  }

  #ask(invocation: AgentInvocation): void {
    const { conversationId, messages } = this.#intent;
    const time = this.#facts.timeFor(invocation, this.#call.startTime);
    invocation.apply({ type: 'asked', outlives: this.#outlives }, time);
    if (this.#engine.dialect.identifiesAtOnce) return;
    if (!this.opens && messages.length > 0) this.#queue(invocation);
    else if (this.opens && conversationId !== undefined) this.#wait(invocation, conversationId);
  }

  #queue({ life, clock }: AgentInvocation): void {
    const { startTime: sentAt, ownClock } = this.#call;
    const own = new OperationClock(this.foldInto === undefined ? ownClock : clock.own);
    const startTime = own.from(sentAt, ownClock);
    const { span, ...caller } = callerTraceOf(this.#facts.context);
    // The span counts as remote, so its end is not observed.
    const context = contextOf({ ...caller, span: span && { ...span, isRemote: true } });
    const start = { endpoint: this.#facts.endpoint, context, startTime, sentAt: startTime, clock: own };
    this.#queued = { acceptance: undefined, start, life, clock };
    this.#session?.queue(this.#queued);
  }

  /** Makes the invocation wait for its id, which only a later event or list contains. */
  #wait(invocation: AgentInvocation, sessionId: string): void {
    const session = this.#facts.session(sessionId);
    session.queued.clear();
    session.add(invocation);
  }

  onFact(event: unknown, time: number): void {
    if (this.#outputs.length > 0) this.#applyOutputs();
    this.#facts.readEvent(event, time);
  }

  onEnd(call: ReadonlyCall, _: unknown, record: OpenRecord, answerEnd: AnswerEnd): Following | undefined {
    const facts = this.#facts;
    const invocation = facts.about;
    const isValue = call.outcome === 'value';
    if (this.foldInto === undefined) {
      this.#conversationUsed(call);
      if (this.#isHandedOn && isValue) this.#handOn(call.value, record);
    }
    // Decided before the response changes the invocation.
    const finds = invocation !== undefined && this.#engine.dialect.identifiesAtOnce;
    const end = finds ? endOfStream(answerEnd, invocation) : answerEnd;
    if (invocation !== undefined) this.#settle(call, end, invocation);
    else {
      if (isValue) facts.read(call.value, call.endTime, this.#query);
      if (call.error === undefined) this.#applyOutputs();
      // The stream may have shown an invocation that began, or that this process took over, after it.
      const shown = call.streamed && isLeft(call, end) ? this.#session?.inProgress : undefined;
      shown?.apply({ type: 'left' }, facts.timeFor(shown, call.endTime));
    }
    if (this.foldInto !== undefined) return undefined;
    const creator = facts.creator ?? this.#creatorOf(call.value, record);
    if (creator !== undefined && creator.spanId !== invocation?.spanContext.spanId) record.link(creator);
    this.#listed?.apply({ type: 'answered', outlives: false });
    this.#segment?.requestEnded(call.endTime);
    return end === 'cut' ? { cut: true } : undefined;
  }

  #conversationUsed(call: ReadonlyCall): void {
    const { tracker, dialect } = this.#engine;
    const { conversation: use, conversationId: id, messages, deletedId } = this.#intent;
    const segment = this.#segment;
    const succeeded = call.outcome === 'value';
    if (use === 'creates') {
      const created = succeeded ? dialect.conversationOf(call.value) : undefined;
      if (created !== undefined) this.created(created);
      else if (segment?.conversation === undefined) segment?.end(call.endTime);
    }
    if (!succeeded || id === undefined) return;
    if (use === 'changes' && messages.length > 0) this.#addMessages(id, stringField(call.value, 'id'));
    if (deletedId !== undefined) this.#facts.conversationOf(id).remove(deletedId);
    if (use !== 'deletes') return;
    segment?.touch(call.endTime);
    tracker.endConversation(dialect.kind, id, this.#facts.endpoint.origin);
  }

  created(id: string): void {
    const facts = this.#facts;
    const invocation = facts.about;
    if (invocation !== undefined) {
      if (!this.opens) return;
      facts.conversationId = id;
      this.#wait(invocation, id);
      const conversation = facts.conversationOf(id);
      conversation.complete();
      invocation.segment?.identify(conversation);
      return;
    }
    if (this.#intent.conversation !== 'creates' || facts.conversationId !== undefined) return;
    facts.conversationId = id;
    const conversation = facts.conversationOf(id);
    const { dialect, tracker } = this.#engine;
    const { context, endpoint } = facts;
    // A new segment is a sibling of the request that created the conversation, and starts just after it.
    const startTime = justAfter(this.#call.startTime);
    const use = { kind: dialect.kind, id, context, endpoint, startTime };
    if (this.#segment !== undefined) this.#segment.identify(conversation);
    else tracker.openSegment(use, activeSpan(context))?.touch();
    conversation.created();
    this.#addMessages(id);
  }

  /** @param messageId the id of the message, if it is the only one */
  #addMessages(id: string, messageId?: string): void {
    const conversation = this.#facts.conversationOf(id);
    for (const message of this.#intent.messages) conversation.add(message, messageId);
  }

  #handOn(value: unknown, { context }: OpenRecord): void {
    const { dialect, tracker } = this.#engine;
    const id = stringField(value, 'id');
    const conversationId = this.#intent.conversationId ?? dialect.conversationOf(value);
    if (id === undefined || conversationId === undefined) return;
    // Another process will most likely record it, so its content is not kept.
    const { count } = this.#facts.conversationOf(conversationId).takeUnanswered();
    const startTime = justAfter(this.#call.startTime + SPAN_ROOM_MS);
    const known = { startTime, input: { count, messages: [] } };
    tracker.processes?.created(this.#facts.endpoint.origin, id, context, known);
  }

  #settle(call: ReadonlyCall, end: AnswerEnd, invocation: AgentInvocation): void {
    const time = this.#facts.timeFor(invocation, call.endTime);
    try {
      if (this.foldInto !== undefined) this.#fold(call, end, invocation);
      if (call.error === undefined) this.#applyOutputs();
      if (this.opens) this.#started(call, invocation);
      else this.#drove(call, end, invocation);
      if (isLeft(call, end)) invocation.apply({ type: 'left' }, time);
    } finally {
      invocation.apply({ type: 'answered', outlives: this.#outlives }, time);
    }
    if ((this.opens || call.error === undefined) && !invocation.isClosed) invocation.touch(time);
  }

  /** Notes on the invocation's span what the request's own span would show. */
  #fold(call: ReadonlyCall, end: AnswerEnd, invocation: AgentInvocation): void {
    if (call.attemptCount > 1)
      recordAttempts(invocation.telemetry, call, this.parent, invocation.openRecord.attributes);
    if (invocation.isClosed) return;
    if (this.opens) {
      const limits = reachedLimits(call, rateLimitsIn(headersOf(call)));
      invocation.addAttributes({ ...callAttributes(call, end), ...limits });
    } else if (call.error === undefined && call.method === 'GET' && !this.#outlives) invocation.pollCount++;
    else addRequestEvent(invocation.openRecord.span, RUN_REQUEST, call, this.#route);
  }

  #started(call: ReadonlyCall, invocation: AgentInvocation): void {
    // The response shows the present state of a session.
    const isNew = !this.#engine.dialect.identifiesAtOnce;
    if (call.outcome === 'value') this.#facts.read(call.value, call.endTime, undefined, isNew);
    const { conversationId, start } = invocation;
    const isCreated = call.error === undefined || invocation.id !== undefined;
    if (isCreated && conversationId !== undefined)
      this.#facts
        .conversationOf(conversationId)
        .count({ userMessages: start.input.count - this.#taken.count });
    if (call.error === undefined && invocation.session !== undefined) {
      invocation.acceptance = acceptanceOf(call, invocation);
      // If the server never reports the id, the newest invocations of the conversation are read.
      invocation.read ??= this.#facts.reader(invocation);
    } else if (invocation.id === undefined) this.#abandon(call, invocation);
  }

  /** Ends an invocation that was not created, or whose response the program read itself. */
  #abandon({ endTime, error }: ReadonlyCall, invocation: AgentInvocation): void {
    const { segment } = invocation;
    const { conversationId } = this.#intent;
    invocation.touch(endTime);
    if (error !== undefined) {
      if (conversationId !== undefined) this.#facts.conversationOf(conversationId).giveBack(this.#taken);
      invocation.end(endTime, endTime, endTime, readThrown(error));
    }
    invocation.close();
    // The conversation that the request should have created is unknown, too.
    if (segment?.conversation === undefined) segment?.end(endTime);
  }

  #drove(call: ReadonlyCall, end: AnswerEnd, invocation: AgentInvocation): void {
    invocation.addAttributes(withStream(invocation.openRecord.attributes, call, end));
    const queued = this.#queued;
    const session = this.#session;
    if (call.error === undefined) {
      // The server accepts such a request, but for an update of metadata, only while the invocation is in progress. So
      // the end was later, although the server's whole seconds may show an earlier one.
      const { method, template } = this.#route;
      if (this.#engine.dialect.identifiesAtOnce && method === 'POST' && !template.endsWith('}'))
        invocation.apply({ type: 'sign' }, this.#facts.timeFor(invocation, call.startTime));
      if (queued !== undefined && session !== undefined) {
        queued.acceptance = acceptanceOf(call, invocation);
        this.#addMessages(session.id);
      }
    } else if (queued !== undefined) session?.queued.delete(queued);
    if (call.outcome === 'value') this.#facts.read(call.value, call.endTime);
  }

  /**
   * Ends the functions whose outputs the request submits, once the server has accepted the request. They
   * ended when the request was sent, not when its stream began.
   */
  #applyOutputs(): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    const driven = this.opens ? undefined : this.#facts.about;
    for (const output of outputs) {
      const invocation = output.invocationId === undefined ? driven : this.#named(output.invocationId);
      invocation?.answer(output, this.#facts.timeFor(invocation, this.#call.startTime));
    }
  }

  /** For a request that reads a conversation: the span that created the conversation, if it is in another trace. */
  #creatorOf(value: unknown, record: OpenRecord): SpanContext | undefined {
    const { dialect, tracker } = this.#engine;
    if (dialect.identifiesAtOnce || this.#intent.conversation !== 'reads') return undefined;
    const creator = tracker.processes?.seen(value, this.#facts.endpoint.origin);
    return creator?.traceId === trace.getSpanContext(record.context)?.traceId ? undefined : creator;
  }
}

/** An invocation that was created before, by the server's clock, cannot be the requested one. */
function acceptanceOf(call: ReadonlyCall, { clock }: AgentInvocation): Acceptance {
  const date = dateOf(call.headers);
  const duration = call.endTime - call.startTime;
  const notBefore = date === undefined ? undefined : date - duration - 1_000;
  return { time: clock.from(call.endTime, call.ownClock), notBefore };
}
