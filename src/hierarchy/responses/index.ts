import { type SpanContext, trace } from '@opentelemetry/api';
import { type ApiRequest, response as createResponse } from '../../operations/index.ts';
import { conversationIdOf } from '../../operations/response/outcome.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { OPENAI_API_TYPE_VALUE_RESPONSES } from '../../semconv/values.ts';
import type { Spent } from '../../telemetry/cost/spent.ts';
import type { Place } from '../../telemetry/place.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { field, stringField } from '../../util/payload.ts';
import {
  type ConversationApi,
  conversationAttributes,
  enterConversation,
  type OpenRecord,
  type Placement,
  parentIn,
  spendIn,
  startIn,
} from '../api.ts';
import type { Segment, Use } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import { JoinedTrace } from '../conversations/joined-trace.ts';
import { contextInConversation } from '../conversations/own-trace.ts';
import { creatorOf, handsOn } from '../conversations/ownership.ts';
import { type ContinuedCall, requestAbout } from '../invocations/continued-call.ts';
import { OperationClock } from '../operation-clock.ts';
import { LONG_LIFETIME_MS, type Shelf } from '../store.ts';
import { readItemCalls } from '../tool-calls/item-calls.ts';
import { readItemResults } from '../tool-calls/item-results.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import { placeAdoption, readAdoption } from './adoption.ts';
import { type BackgroundStart, backgroundResponse, foldsInto, isResponseOpen } from './background.ts';
import {
  conversationUsed,
  conversationUsedBy,
  countResponse,
  type Fetched,
  type FollowedResponse,
  followedResponse,
  type KnownResponse,
  know,
  takeCalls,
  type UsedConversation,
} from './followed.ts';
import { isResponse, responseReferredBy } from './request.ts';

/** The Responses and Conversations APIs as conversations, with the tool calls of responses. */
export class Responses implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #tracker: ConversationTracker;
  readonly #toolCalls: ToolCalls;
  /** Where responses stand, for the requests that refer to them. */
  readonly #known: Shelf<KnownResponse>;
  /** The spans of background responses that were closed before their end. */
  readonly #paused: Shelf<SpanContext>;
  /** The open background responses; the least recently used one is closed first. */
  readonly #background: Shelf<ContinuedCall>;

  constructor(tracker: ConversationTracker, toolCalls: ToolCalls) {
    this.#telemetry = tracker.telemetry;
    this.#tracker = tracker;
    this.#toolCalls = toolCalls;
    const { store } = tracker;
    this.#known = store.shelf();
    this.#paused = store.shelf({ lifetimeMs: LONG_LIFETIME_MS });
    this.#background = store.shelf({ evicted: (response) => response.close() });
  }

  /** The span context of a response that this process created. */
  known(id: string, origin: string): SpanContext | undefined {
    return this.#known.get(origin, id)?.context;
  }

  /** A call about an open background response in the same trace is part of that response. */
  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement {
    const { origin } = endpoint;
    const createsResponse = isResponse(request.route);
    const referred = responseReferredBy(request, createsResponse);
    const known = this.#known.get(origin, referred);
    const used = conversationUsedBy(call, request, createsResponse, known);
    const { id, uses } = used;
    if (uses) call.context = contextInConversation(call.context, this.#tracker, 'conversation', id, origin);
    const background = this.#backgroundOf(request, endpoint);
    return background !== undefined && foldsInto(background, call)
      ? requestAbout(background, this.#tracker, call, request.route)
      : this.#place(call, request, endpoint, used);
  }

  #backgroundOf({ route, values }: ApiRequest, { origin }: Endpoint): ContinuedCall | undefined {
    const isAbout = route.folds === 'response' || route.method === 'DELETE';
    return isAbout ? this.#background.get(origin, values[0]) : undefined;
  }

  /** Places a call that has its own span, and takes its result. */
  #place(
    call: Call,
    request: ApiRequest,
    endpoint: Endpoint,
    { createsResponse, known, named, uses, id: conversationId }: UsedConversation,
  ): Placement {
    const { context, startTime } = call;
    const segment = uses ? this.#enter({ id: conversationId, context, endpoint, startTime }) : undefined;
    segment?.requestStarted();
    const parent = parentIn(segment, context);
    const place: Placement = {
      parent,
      startTime: startIn(segment, call),
      links: known && [{ context: known.context }],
      attributes: conversationAttributes(named),
    };
    return createsResponse
      ? this.#followResponse(call, request, place, { endpoint, segment, conversationId })
      : // Once the call runs, its context is that of its span.
        this.#followRequest(
          call,
          place,
          { request, endpoint, startTime, context: call.context, known, conversationId },
          segment,
        );
  }

  /** A request from another trace may also report the end of a background response. */
  #followRequest(call: Call, place: Placement, fetched: Fetched, segment: Segment | undefined): Placement {
    const { request, endpoint, known } = fetched;
    const background = this.#backgroundOf(request, endpoint);
    background?.requested(call);
    return {
      ...place,
      hearsEvents: background !== undefined,
      onFact: background && ((event, time) => background.seeEvent(event, time, call.ownClock)),
      onEnd: (ended, result, record) => {
        const creator = known === undefined ? creatorOf(result, this.#telemetry.settings) : undefined;
        if (creator !== undefined) record.link(creator);
        if (background !== undefined) background.answered(ended);
        else if (request.route.folds === 'response') this.#adopt(fetched, ended, result, creator);
        conversationUsed(this.#tracker, this.#toolCalls, fetched, segment, ended);
        return () => {
          this.#fetched(result, ended.endTime, endpoint);
          spendIn(this.#tracker, fetched.conversationId, endpoint.origin, record.spent, fetched.startTime);
        };
      },
    };
  }

  #enter(use: Omit<Use, 'kind' | 'apiType'>): Segment | undefined {
    return enterConversation(this.#tracker, { apiType: OPENAI_API_TYPE_VALUE_RESPONSES, ...use });
  }

  #followResponse(
    call: Call,
    { body }: ApiRequest,
    place: Placement,
    { endpoint, segment, conversationId }: Pick<FollowedResponse, 'endpoint' | 'segment' | 'conversationId'>,
  ): Placement {
    // That of the span: hosted tools never start before it.
    const { startTime = call.startTime } = place;
    const toolCalls = this.#toolCalls;
    const answered = toolCalls.areAwaited
      ? toolCalls.answer(readItemResults(body), {
          origin: endpoint.origin,
          previousResponseId: stringField(body, 'previous_response_id'),
          conversationId,
          time: startTime,
          parent: place.parent,
        })
      : undefined;
    const joined = new JoinedTrace(place.parent, answered);
    const handedOn = field(body, 'background') === true && handsOn(call, this.#telemetry.settings, true);
    const from = { endpoint, segment, conversationId, startTime, handedOn };
    const followed = followedResponse(this.#telemetry, body, joined.parent, from);
    return {
      ...place,
      parent: joined.parent,
      hearsEvents: true,
      onFact: (event, time, record, answer) => {
        followed.times.add(event, time);
        if (answer !== undefined) this.#completed(followed, answer.result(), time, record);
      },
      onEnd: (ended, result, record) => {
        joined.settled(ended);
        const end = (last: unknown, endTime: number): void => {
          this.#ended(followed, last, endTime, record.spent);
          joined.ended();
        };
        const goesOn = this.#responded(followed, ended, result, { record, ended: end });
        return goesOn ? 'kept' : () => end(result, ended.endTime);
      },
    };
  }

  /** Takes a response whose stream goes on: the program may answer it before that ends. */
  #completed(follow: FollowedResponse, response: unknown, time: number, record: OpenRecord): void {
    if (stringField(response, 'id') === undefined || follow.isTaken) return;
    know(this.#known, follow, response, record);
    takeCalls(this.#toolCalls, follow, response, time);
    follow.isTaken = true;
  }

  /** @returns whether it is a background response that goes on */
  #responded(
    follow: FollowedResponse,
    call: Call,
    result: unknown,
    going: Pick<BackgroundStart, 'record' | 'ended'>,
  ): boolean {
    const id = stringField(result, 'id');
    follow.segment?.requestEnded(call.endTime);
    if (id === undefined) return false;
    const { endpoint, segment, handedOn } = follow;
    if (!follow.isTaken) know(this.#known, follow, result, going.record);
    if (handedOn || !isResponseOpen(result)) return false;
    const { client, endTime: startTime } = call;
    const clock = new OperationClock(call.ownClock);
    this.#keep({ ...going, id, endpoint, client, segment, result, startTime, clock }).startedWith(call);
    return true;
  }

  #keep(start: BackgroundStart): ContinuedCall {
    const { id, endpoint } = start;
    const closed = ({ life, context }: ContinuedCall, result: unknown, endTime: number): void => {
      start.ended(result, endTime);
      this.#background.delete(endpoint.origin, id);
      const span = trace.getSpanContext(context);
      if (life.state === 'paused' && span !== undefined) this.#paused.set(endpoint.origin, id, span);
    };
    // A server that reuses an id has forgotten the first one.
    this.#background.get(endpoint.origin, id)?.closeForGood();
    const background = backgroundResponse({ ...start, closed }, this.#tracker);
    this.#background.set(endpoint.origin, id, background);
    this.#tracker.keep(background);
    return background;
  }

  /**
   * Records a background response that another process has created, from the response's own times, or one that was closed
   * before its end; once, however often it passes by.
   */
  #adopt(fetched: Fetched, call: Call, response: unknown, creator: SpanContext | undefined): void {
    const { settings } = this.#telemetry;
    const { request, endpoint, context: caller } = fetched;
    const { origin } = endpoint;
    const paused = this.#paused.get(origin, stringField(response, 'id'));
    const known = this.#known.get(origin, stringField(response, 'id'));
    const place = placeAdoption({ settings, call, response, paused, known, creator, context: caller });
    const adoption = readAdoption(call, request.deployment, response, known?.model);
    if (place === undefined || adoption === undefined) return;
    const { id, clock } = adoption;
    this.#paused.delete(origin, id);
    const { context, link } = place;
    const startTime = paused === undefined ? adoption.startTime : call.startTime;
    const conversationId = conversationIdOf(response) ?? known?.conversationId ?? conversationIn(caller);
    const use = { id: conversationId, context, endpoint, startTime };
    const segment = conversationId === undefined ? undefined : this.#enter(use);
    const parent = parentIn(segment, context);
    const from = { endpoint, segment, conversationId, startTime };
    const followed = followedResponse(this.#telemetry, adoption.request.body, parent, from);
    const record = new OperationRecord(this.#telemetry, {
      operation: createResponse,
      request: adoption.request,
      endpoint,
      startTime,
      rebuilt: true,
      place: {
        parent,
        links: link === undefined ? [] : [{ context: link }],
        attributes: conversationAttributes(conversationId),
      },
    });
    know(this.#known, followed, response, record);
    const { client } = call;
    const ended = (last: unknown, endTime: number): void =>
      this.#ended(followed, last, endTime, record.spent);
    const start = { id, endpoint, client, record, ended, segment, result: response, startTime, clock };
    this.#keep(start).see(response, call.endTime, false);
  }

  #ended(follow: FollowedResponse, response: unknown, endTime: number, spent: Spent): void {
    if (stringField(response, 'id') === undefined) return;
    const { origin } = follow.endpoint;
    const conversationId = conversationIdOf(response) ?? follow.conversationId;
    if (!follow.isTaken) takeCalls(this.#toolCalls, follow, response, endTime);
    if (conversationId === undefined) return;
    countResponse(this.#tracker.conversation('conversation', conversationId, origin), follow, spent);
  }

  /** The calls of a response that this process has created are known from there, and not before it has ended. */
  #fetched(response: unknown, endTime: number, { origin }: Endpoint): void {
    const id = stringField(response, 'id');
    if (id === undefined || this.known(id, origin) !== undefined || isResponseOpen(response)) return;
    const place: Place = { kind: 'conversation', conversationId: conversationIdOf(response) };
    const calls = readItemCalls(response, { content: this.#telemetry.wantsContent });
    this.#toolCalls.seen(calls, { origin, responseId: id, place, endTime });
  }
}
