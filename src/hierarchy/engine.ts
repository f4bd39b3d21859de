import { type Attributes, type Link, type SpanContext, trace } from '@opentelemetry/api';
import { define } from '../operations/attributes.ts';
import type { ApiRequest } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';
import { justAfter, SPAN_ROOM_MS } from '../util/clock.ts';
import { creatorIn, creatorOf, drives, handsOn } from './adoption.ts';
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
import { answerOutputs, InvocationCreation, InvocationRequest } from './invocations/requests.ts';
import { OperationClock } from './operation-clock.ts';
import { Sessions } from './sessions.ts';
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
    const facts = new Facts(this.#state, observed, id);
    facts.isDriven = telemetry.settings.adoptRuns !== false && drives(call, intent.outputs);
    const works = intent.invocation === 'starts' || intent.invocation === 'drives';
    const driven = works ? (this.#driven(observed) ?? facts.resume(intent.invocationId, id)) : undefined;
    const starts = intent.invocation === 'starts' && driven === undefined;
    // An invocation that is handed on is recorded by another process. Here, its request has a span of its own.
    if (starts && !handsOn(call, telemetry.settings, dialect.identifiesAtOnce)) {
      const started = this.#start(observed, request, options);
      return new InvocationCreation(observed, facts, started);
    }
    // A request from another trace than the invocation has a span of its own, with a link to the invocation.
    if (driven === undefined || !isInTrace(active, driven.spanContext.traceId))
      return this.#place(observed, facts, driven);
    call.goBy(driven.clock.own);
    return new InvocationRequest(observed, facts, driven);
  }

  /** Places a call that has its own span, and applies the facts in its result. */
  #place(observed: ObservedCall, facts: Facts, driven: AgentInvocation | undefined): Placement {
    const { dialect, tracker } = this.#state;
    const { call, intent, endpoint } = observed;
    const segment =
      intent.conversation === 'none'
        ? undefined
        : segmentOf(tracker, observed, intent.conversation === 'reads', observed.active);
    const driving = driven === undefined ? undefined : new InvocationRequest(observed, facts, driven);
    // Only a later request may adopt an invocation that was handed on, in this process or another one.
    facts.mayAdopt = driven === undefined && intent.invocation === 'drives';
    if (intent.conversation === 'creates' && call.streamed)
      facts.conversationCreated = (id) => this.#created(observed, segment, id);
    const listed = intent.invocation === 'lists' ? this.#listed(observed) : undefined;
    const { query } = call;
    segment?.requestStarted();
    return {
      parent: parentIn(segment, call.context, observed.active),
      startTime: startIn(segment, call),
      attributes: dialect.attributes,
      links: this.#linksTo(driven, intent, endpoint),
      hearsEvents: true,
      onFact: (event, time) =>
        driving === undefined ? facts.readEvent(event, time) : driving.onFact(event, time),
      onEnd: (ended, _, record) => {
        this.#conversationUsed(observed, segment, ended);
        if (ended.handsOn && ended.outcome === 'value') this.#handOn(observed, ended.value, record);
        if (driving !== undefined) driving.settled(ended);
        else {
          if (ended.outcome === 'value') facts.read(ended.value, ended.endTime, query);
          if (ended.error === undefined) answerOutputs(intent, facts, ended.startTime);
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

  /** The open invocation of this process that a request polls, cancels or answers, or that it sends messages to. */
  #driven({ intent, endpoint }: ObservedCall): AgentInvocation | undefined {
    const { sessions, dialect } = this.#state;
    const { invocationId: id, conversationId } = intent;
    if (id === undefined && dialect.identifiesAtOnce) return undefined;
    const invocation =
      id === undefined
        ? sessions.known(conversationId, endpoint.origin)?.underWay
        : sessions.named(id, conversationId, endpoint.origin);
    return invocation?.life.overSince === undefined ? invocation : undefined;
  }

  /**
   * The invocation whose steps the program lists. If the program lists steps after the end, our own GET requests let it
   * go first from then on. Otherwise, they start at once: the program may delete the conversation, and with it the
   * steps.
   */
  #listed({ intent, endpoint }: ObservedCall): AgentInvocation | undefined {
    const { tracker } = this.#state;
    const { invocationId = '', conversationId } = intent;
    const invocation = tracker.known.open(invocationId, endpoint.origin, conversationId);
    if (invocation?.life.overSince !== undefined) tracker.reads.queue.isPatient = true;
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

  /** Opens the invocation that a request starts, alone or together with its conversation. */
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

  /**
   * Applies to the conversation what a call has created, added or deleted.
   *
   * @param segment may have been opened before the conversation's id was known
   */
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

  #linksTo(
    driven: AgentInvocation | undefined,
    { invocation, invocationId }: Intent,
    { origin }: Endpoint,
  ): Link[] {
    if (driven !== undefined) return [{ context: driven.spanContext }];
    const isAbout = invocation === 'drives' && invocationId !== undefined;
    return isAbout ? this.#state.tracker.known.linksTo(invocationId, origin) : [];
  }

  /** For a request that reads a conversation: the span that created the conversation, if it is in another trace. */
  #creatorOf({ intent }: ObservedCall, value: unknown, record: OpenRecord): SpanContext | undefined {
    const { dialect, telemetry } = this.#state;
    if (dialect.identifiesAtOnce || intent.conversation !== 'reads') return undefined;
    const creator = creatorOf(value, telemetry.settings);
    return creator?.traceId === trace.getSpanContext(record.context)?.traceId ? undefined : creator;
  }
}
