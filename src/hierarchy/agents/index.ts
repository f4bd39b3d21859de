import { type Attributes, trace } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import type { Call, CallObservation } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { ATTR_OPENAI_API_TYPE } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { field, stringField } from '../../util/payload.ts';
import { type ConversationApi, type ObserveOptions, type Placement, segmentOf } from '../api.ts';
import type { Invocation } from '../invocation.ts';
import { creatorOf } from '../remote-creator.ts';
import { activeSpan, isInTrace, type Segment } from '../segment.ts';
import type { ConversationTracker } from '../tracker.ts';
import {
  type AgentsCall,
  SESSION,
  SESSION_EVENTS,
  SESSIONS,
  sessionIdOf,
  sessionUse,
  turnIdOf,
} from './agents-call.ts';
import { readSessionInput } from './content.ts';
import { SessionEvents } from './events.ts';
import { ObservedSessions } from './observed-objects.ts';
import type { Session } from './session.ts';
import { answer, observationOf, TurnCreation, TurnRequest } from './turn-requests.ts';
import { readSubmittedEvents, type SubmittedEvents, startTurn } from './turn-start.ts';
import { type TurnMemory, Turns } from './turns.ts';

const AGENTS_API_TYPE: Attributes = { [ATTR_OPENAI_API_TYPE]: 'agents' };

/** Sessions, turns and items of the Agents API as conversations, invocations and tool calls. */
export class Agents implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #memory: TurnMemory;

  constructor(telemetry: Telemetry, conversations: ConversationTracker) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    const sessions = conversations.remember<string, Session>(telemetry.settings.maxConversations);
    this.#memory = { sessions, below: new WeakMap() };
  }

  /** Observes a call that starts or belongs to a turn; `undefined` if the call has its own span. */
  observe(
    call: Call,
    request: ApiRequest,
    endpoint: Endpoint,
    { startAttributes }: ObserveOptions,
  ): CallObservation | undefined {
    if (request.route.folds !== 'turn') return undefined;
    const read = this.#read(call, request, endpoint);
    if (request.route.template === SESSIONS) {
      const messages = readSessionInput(field(request.body, 'input'), this.#wantsContent());
      if (messages.length === 0) return undefined;
      const invocation = startTurn(this.#telemetry, this.#conversations, read, messages, startAttributes);
      return new TurnCreation(read, invocation, this.#conversations);
    }
    const submitted = readSubmittedEvents(request.body, this.#wantsContent());
    const invocation = this.#turnOf(read, submitted);
    if (submitted.messages.length > 0 && invocation === undefined) {
      const { messages } = submitted;
      const asked = startTurn(this.#telemetry, this.#conversations, read, messages, startAttributes);
      return new TurnCreation(read, asked, this.#conversations, submitted);
    }
    // In other traces, requests about a turn have spans with a link.
    if (invocation === undefined || !isInTrace(call.context, invocation.spanContext.traceId))
      return undefined;
    return new TurnRequest(read, invocation, this.#conversations, submitted);
  }

  /** Places a call that has its own span, and takes its result. */
  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement {
    const read = this.#read(call, request, endpoint);
    const { template } = request.route;
    const segment = template.startsWith(SESSIONS) ? this.#segmentOf(read) : undefined;
    const bounded = activeSpan(call.context) !== undefined || segment === undefined;
    const submitted = readSubmittedEvents(
      template === SESSION_EVENTS ? request.body : undefined,
      this.#wantsContent(),
    );
    const folds = request.route.folds !== undefined;
    const turn = folds ? this.#turnOf(read, submitted) : undefined;
    const turnRequest =
      turn === undefined ? undefined : new TurnRequest(read, turn, this.#conversations, submitted);
    const events = turnRequest ?? this.#eventsOf(read, segment);
    const { query } = call;
    const observation = observationOf(read);
    const turnId = (folds && (turnIdOf(request) ?? submitted.turnId)) || '';
    segment?.requestStarted();
    return {
      parent: bounded ? call.context : segment.contextIn(call.context),
      attributes: AGENTS_API_TYPE,
      links:
        turn === undefined
          ? this.#conversations.linksTo(turnId, endpoint.origin)
          : [{ context: turn.spanContext }],
      ...(events === undefined ? {} : { chunk: (event, time) => events.chunk(event, time) }),
      settled: (ended, _, span) => {
        const creator = template === SESSION ? creatorOf(ended.value, this.#telemetry.settings) : undefined;
        if (creator !== undefined && creator.traceId !== trace.getSpanContext(span.context)?.traceId)
          span.link(creator);
        const seen = { ...observation, time: ended.endTime, live: false };
        if (turnRequest !== undefined) turnRequest.settled(ended);
        else {
          if (ended.outcome === 'value') read.sightings.result(ended.value, seen, query);
          if (ended.error === undefined) answer(read.sightings, submitted, ended.startTime, read.sessionId);
        }
        segment?.requestEnded(ended.endTime);
        this.#sessionChanged(read, segment, ended);
      },
    };
  }

  /** The event handler for a stream without an open turn. */
  #eventsOf(read: AgentsCall, segment: Segment | undefined): SessionEvents | undefined {
    const { call, request, sightings, sessionId } = read;
    const { template } = request.route;
    if (template !== SESSION_EVENTS && (template !== SESSIONS || !call.streamed)) return undefined;
    const created = (id: string): void => this.#sessionCreated(read, segment, id);
    return new SessionEvents(sightings, observationOf(read), sessionId, created);
  }

  #wantsContent(): boolean {
    return this.#telemetry.wantsContent;
  }

  #read(call: Call, request: ApiRequest, endpoint: Endpoint): AgentsCall {
    const sessionId = sessionIdOf(request);
    const at = { origin: endpoint.origin, conversationId: sessionId };
    const turns = new Turns(this.#telemetry, this.#conversations, this.#memory, at);
    const sightings = new ObservedSessions(this.#telemetry, this.#conversations, turns, call.client);
    return { call, request, context: call.context, endpoint, sightings, sessionId };
  }

  /** The turn of a request: the one it names, or else the open one. */
  #turnOf(
    { request, sessionId, sightings: { turns } }: AgentsCall,
    { turnId }: SubmittedEvents,
  ): Invocation | undefined {
    const named = turnIdOf(request) ?? turnId;
    const invocation = named === undefined ? turns.known(sessionId)?.underWay : turns.named(named, sessionId);
    return invocation?.finished === undefined ? invocation : undefined;
  }

  /** Requests about a turn that this process does not record count as reads. */
  #segmentOf(read: AgentsCall): Segment | undefined {
    const { call, request, sessionId } = read;
    // A list of all sessions does not use any of them.
    if (request.route.template === SESSIONS && call.method === 'GET') return undefined;
    const looks = call.method === 'GET' || (request.route.folds === 'turn' && sessionId !== undefined);
    return segmentOf(this.#conversations, sessionUse(read, sessionId), looks);
  }

  /** @param segment may have been opened before the session had an id */
  #sessionChanged(read: AgentsCall, segment: Segment | undefined, call: Call): void {
    const { sessionId, request } = read;
    const { template } = request.route;
    if (
      template === SESSION &&
      call.method === 'DELETE' &&
      call.outcome === 'value' &&
      sessionId !== undefined
    )
      this.#conversations.endConversation('session', sessionId, read.endpoint.origin);
    if (template !== SESSIONS || call.method !== 'POST') return;
    const id = call.outcome === 'value' ? stringField(call.value, 'id') : undefined;
    if (id !== undefined) this.#sessionCreated(read, segment, id);
    else if (segment?.conversation === undefined) segment?.end(call.endTime);
  }

  #sessionCreated(read: AgentsCall, segment: Segment | undefined, id: string): void {
    if (segment === undefined) this.#conversations.open(sessionUse(read, id))?.touch();
    else segment.identify(this.#conversations.conversation('session', id, read.endpoint.origin));
  }
}
