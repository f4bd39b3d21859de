import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { type ApiRequest, response as createResponse, operationOf } from '../operations/index.ts';
import { responseIn } from '../operations/response/accumulator.ts';
import { ofUser, putMessages } from '../operations/response/items.ts';
import { keptResponse } from '../operations/response/kept-response.ts';
import { conversationIdOf } from '../operations/response/outcome.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import { readWithClient } from '../sdk/own-requests.ts';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_RESPONSE_REQUEST } from '../semconv/events.ts';
import { OPENAI_API_TYPE_VALUE_RESPONSES } from '../semconv/values.ts';
import { textLimits } from '../telemetry/content/kept-content.ts';
import type { Place } from '../telemetry/place-attributes.ts';
import type { AnswerEnd, OpenRecord, Placement } from '../telemetry/placement.ts';
import { OperationRecord } from '../telemetry/record.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { arrayField, asObject, field, stringField } from '../util/payload.ts';
import {
  type ConversationApi,
  conversationAttributes,
  enterConversation,
  parentIn,
  placedIn,
} from './conversation-api.ts';
import { activeSpan, isInTrace, type Segment, type Use } from './conversations/conversation.ts';
import { conversationIn } from './conversations/conversation-id.ts';
import { contextInConversation } from './conversations/own-trace.ts';
import { readItemCalls, responses } from './dialects/responses.ts';
import { requestTo } from './dialects/shared-readers.ts';
import { type ContinuationTraits, ContinuedCall, type ContinuedStart } from './invocations/continued-call.ts';
import { isLeft } from './invocations/invocation.ts';
import { answeredBy, ModelCall, type ModelCallStart } from './model-calls.ts';
import { asTime, OperationClock } from './operation-clock.ts';
import { LONG_LIFETIME_MS, type Shelf } from './store.ts';
import type { AnsweredCalls } from './tool-calls/tool-calls.ts';
import type { ConversationTracker } from './tracker.ts';

interface KnownResponse extends Pick<ModelCall, 'start'>, Pick<ModelCallStart, 'conversationId'> {
  readonly id: string;
  readonly context: SpanContext | undefined;
  open: ContinuedCall | undefined;
  /** Whether the span was closed before the response ended. A second span then continues the response. */
  isPaused: boolean;
}

interface ResponseRequest {
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly context: Context;
  readonly segment: Segment | undefined;
  readonly known: KnownResponse | undefined;
  readonly conversationId: string | undefined;
  readonly answered: AnsweredCalls | undefined;
}

const TAKE_ITEMS: ReadonlySet<string> = new Set(['/conversations', '/conversations/{conversation_id}/items']);

const ADDS_ITEMS = 'POST /conversations/{conversation_id}/items';

const DELETES_ITEM = 'DELETE /conversations/{conversation_id}/items/{item_id}';

const ENDED_STATUSES: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'incomplete']);
/** A background response that has shown no sign of life for this time is given up. */
const BACKGROUND_RESPONSE_TIMEOUT_MS = 1_800_000;

function backgroundTraits({ settings, wantsContent }: Telemetry): ContinuationTraits {
  const limits = wantsContent ? textLimits(settings) : undefined;
  return {
    timeout: BACKGROUND_RESPONSE_TIMEOUT_MS,
    stateOf,
    // The end shows the whole usage. Before that, it may be a part.
    kept: (response) => ({ ...keptResponse(response, limits), usage: undefined }),
    resultIn: responseIn,
    requestEvent: { name: EVENT_OPENAI_RESPONSE_REQUEST, status: ATTR.GEN_AI_RESPONSE_STATUS },
    endedAt: (response) => asTime(field(response, 'completed_at')),
  };
}

function stateOf(response: unknown): 'open' | 'over' | undefined {
  const status = stringField(response, 'status');
  if (status === undefined) return undefined;
  return ENDED_STATUSES.has(status) ? 'over' : 'open';
}

/** Only a completed response says when it ended. For others that are over, the creation time counts. */
function timesOf(response: unknown): Record<'createdAt' | 'endedAt', number | undefined> {
  const createdAt = asTime(field(response, 'created_at'));
  const ended = asTime(field(response, 'completed_at'));
  return { createdAt, endedAt: ended ?? (isResponseOpen(response) ? undefined : createdAt) };
}

/**
 * Only a background response can still be in progress when its call is over. LiteLLM does not say whether a
 * response is one.
 *
 * @param wasRequested whether the request asked for a background response
 */
function isResponseOpen(response: unknown, wasRequested = false): boolean {
  return (field(response, 'background') ?? wasRequested) === true && stateOf(response) === 'open';
}

export class Responses implements ConversationApi {
  readonly #tracker: ConversationTracker;
  /** Responses that later requests may refer to. The least recently used one is closed first. */
  readonly #known: Shelf<KnownResponse>;

  constructor(tracker: ConversationTracker) {
    this.#tracker = tracker;
    this.#known = tracker.store.shelf<KnownResponse>({
      lifetimeMs: LONG_LIFETIME_MS,
      evicted: ({ open }) => open?.close(),
      isInUse: ({ open }) => open !== undefined,
    });
  }

  known(id: string, origin: string): SpanContext | undefined {
    return this.#known.get(origin, id)?.context;
  }

  place(call: ReadonlyCall, request: ApiRequest, endpoint: Endpoint): Placement {
    const { route, values, body } = request;
    const { origin } = endpoint;
    const creates = operationOf(route) === createResponse;
    const isConversation = route.family === 'conversations';
    const referred = creates ? stringField(body, 'previous_response_id') : values[0];
    const known = this.#known.get(origin, referred);
    const stated = creates ? conversationIdOf(body) : isConversation ? values[0] : undefined;
    const own = creates || isConversation ? stated : known?.conversationId;
    const named = own === undefined && !isConversation ? conversationIn(call.context) : undefined;
    const conversationId = own ?? named;
    const uses = conversationId !== undefined || route.template === '/conversations';
    const tracker = this.#tracker;
    // Unlike an id of `withConversation`, it names an object of the API, which this process has created or not.
    if (stated !== undefined) tracker.conversation('conversation', stated, origin, true);
    const { startTime } = call;
    const context = uses
      ? contextInConversation(call.context, tracker, 'conversation', conversationId, origin)
      : call.context;
    const open = known?.open;
    if (open !== undefined && isFolded(request, open, context)) return open.fold(call, route);
    const answering = { origin, context, previousResponseId: creates ? referred : undefined };
    const answered =
      creates || route.endpoint === ADDS_ITEMS
        ? answeredBy(tracker, responses, call, answering, conversationId)
        : undefined;
    const use = { id: conversationId, context, endpoint, startTime, continued: answered?.caller };
    const segment = uses ? this.#enter(use) : undefined;
    segment?.requestStarted();
    const links = known?.context && [{ context: known.context }];
    const place: Placement = { ...placedIn(segment, { context, startTime }, named), links };
    const about = { request, endpoint, context, segment, known, conversationId, answered };
    return creates ? this.#create(call, place, about) : this.#fetch(call, place, about);
  }

  #enter(use: Omit<Use, 'kind' | 'apiType'>): Segment | undefined {
    return enterConversation(this.#tracker, { ...use, apiType: OPENAI_API_TYPE_VALUE_RESPONSES });
  }

  /** Such a request may report the end of a response in another trace. */
  #fetch(call: ReadonlyCall, place: Placement, about: ResponseRequest): Placement {
    const { request, endpoint, known, segment, conversationId, answered } = about;
    const { route } = request;
    answered?.sent(call.startTime, place.parent);
    const open = route.folds === 'response' || route.method === 'DELETE' ? known?.open : undefined;
    open?.requested(call);
    return {
      ...place,
      needsEvents: open !== undefined,
      onFact: open && ((event, time) => open.seeEvent(event, time, call)),
      onEnd: (ended, result, record, answerEnd) => {
        const creator =
          known === undefined ? this.#tracker.processes?.seen(result, endpoint.origin) : undefined;
        if (creator !== undefined) record.link(creator);
        const end = open?.answered(ended, answerEnd);
        if (open === undefined && route.folds === 'response') this.#adopt(about, ended, answerEnd, result);
        if (!ended.failed) answered?.accepted();
        segment?.requestEnded(ended.endTime);
        this.#conversationUsed(about, ended);
        const after = (): void => {
          this.#fetched(result, ended.endTime, endpoint);
          if (conversationId === undefined) return;
          const { spent } = record;
          this.#tracker.conversation('conversation', conversationId, endpoint.origin).count({ spent });
        };
        return { cut: end === 'cut' || undefined, after };
      },
    };
  }

  #create(call: ReadonlyCall, place: Placement, about: ResponseRequest): Placement {
    const { request, endpoint, segment, conversationId, answered } = about;
    const { body } = request;
    const isBackground = field(body, 'background') === true;
    const { processes } = this.#tracker;
    const handedOn = isBackground && processes?.asked(call, true) === true;
    const asked = new ModelCall(this.#tracker, responses, body, {
      endpoint,
      conversationId,
      parent: place.parent,
      startTime: place.startTime ?? call.startTime,
      counts: true,
      handedOn,
      model: isBackground ? stringField(body, 'model') : undefined,
      recorded: isBackground ? new Set() : undefined,
      answered,
    });
    return {
      ...place,
      parent: asked.parent,
      mark: processes?.mark(request, handedOn),
      needsEvents: true,
      onFact: (event, time, record, answer) => {
        asked.times.add(event, time);
        if (answer === undefined) return;
        this.#know(asked, answer.result(), record);
        asked.completed(answer, time, record);
      },
      onEnd: (ended, result, record, answerEnd) => {
        asked.settled(ended, record);
        segment?.requestEnded(ended.endTime);
        const known = this.#know(asked, result, record);
        if (known !== undefined && handedOn) processes?.created(endpoint.origin, known.id, record.context);
        const { client, startTime, endTime, headersTime, ownClock } = ended;
        if (known === undefined || handedOn || !isResponseOpen(result, isBackground))
          return { after: () => asked.ended(result, endTime, record.spent) };
        const clock = new OperationClock(ownClock);
        // The program may have read the stream for long before it left it. Over a socket, there are no headers.
        clock.learn(asTime(field(result, 'created_at')), headersTime || startTime);
        const continued = { endpoint, record, segment, startTime: endTime, clock };
        const open = this.#keep(known, asked, continued, client);
        open.see(result, endTime);
        open.startedWith(ended, answerEnd);
        return { kept: true };
      },
    };
  }

  /** Remembers a response even before its stream has ended: later requests may refer to it. */
  #know({ start }: ModelCall, response: unknown, record: OpenRecord): KnownResponse | undefined {
    const { origin } = start.endpoint;
    const id = stringField(response, 'id');
    if (id === undefined) return undefined;
    const context = trace.getSpanContext(record.context);
    const known = this.#known.get(origin, id);
    if (known !== undefined && known.context?.spanId === context?.spanId) return known;
    // A server that reuses an id has forgotten the first response with it.
    known?.open?.close();
    const conversationId = conversationIdOf(response) ?? start.conversationId;
    const made = { id, context, conversationId, start, open: undefined, isPaused: false };
    this.#known.set(origin, id, made);
    return made;
  }

  /** Keeps a background response until its end is known. If no request shows the end, `client` reads it. */
  #keep(
    known: KnownResponse,
    asked: ModelCall,
    start: Omit<ContinuedStart, 'id' | 'closed'>,
    client: object,
  ): ContinuedCall {
    const { id } = known;
    const { origin } = start.endpoint;
    const closed = ({ life }: ContinuedCall, result: unknown, endTime: number): void => {
      const isPaused = life.endTime === undefined;
      asked.ended(result, endTime, start.record.spent, isPaused);
      // A server may reuse an id: `known.open` may then be another response.
      if (known.open !== open) return;
      known.open = undefined;
      known.isPaused = isPaused;
      if (this.#known.get(origin, id) === known) this.#known.set(origin, id, known, known.isPaused);
    };
    const traits = backgroundTraits(this.#tracker.telemetry);
    const open: ContinuedCall = new ContinuedCall(traits, { ...start, id, closed }, this.#tracker);
    open.read = async (_, send) => {
      const path = `/responses/${encodeURIComponent(id)}`;
      const response = await send((controller) => readWithClient(client, path, {}, undefined, controller));
      open.see(response, open.clock.now());
    };
    known.open = open;
    known.isPaused = false;
    this.#known.set(origin, id, known);
    this.#tracker.keepInvocation(open);
    return open;
  }

  /**
   * Adopts a background response, with the times that it reports, or continues one whose span was closed
   * before its end. Does so only once, however often the response is seen.
   */
  #adopt(
    { request, endpoint, context: caller }: ResponseRequest,
    call: ReadonlyCall,
    answerEnd: AnswerEnd,
    response: unknown,
  ): void {
    const { origin } = endpoint;
    const id = stringField(response, 'id');
    const known = this.#known.get(origin, id);
    const isPaused = known?.isPaused === true;
    const isOpen = known !== undefined && !isPaused && !known.start.handedOn;
    if (id === undefined || isOpen || !isBackgroundResponse(response, known !== undefined)) return;
    const { startTime: sentAt, endTime: time, ownClock } = call;
    const found = isPaused
      ? {
          context: caller,
          creator: known.context,
          startTime: sentAt,
          clock: new OperationClock(ownClock).learnFrom(call),
        }
      : this.#tracker.processes?.adopt(
          { id, ...timesOf(response), object: response },
          { endpoint, context: caller, call, time, outputs: [] },
        );
    if (found === undefined) return;
    const { context, creator, startTime, clock } = found;
    const conversationId = conversationIdOf(response) ?? known?.conversationId ?? conversationIn(caller);
    const use = { id: conversationId, context, endpoint, startTime };
    const segment = conversationId === undefined ? undefined : this.#enter(use);
    const parent = parentIn(segment, context);
    const model = known?.start.model ?? stringField(response, 'model');
    // The response repeats the parameters of its request, but contains the service tier that served it.
    const body = { ...asObject(response), model, service_tier: undefined };
    const recorded = known?.start.recorded ?? new Set();
    const start = { endpoint, conversationId, parent, startTime, counts: !isPaused, model, recorded };
    const asked = new ModelCall(this.#tracker, responses, body, start);
    const links = creator && [{ context: creator }];
    const record = new OperationRecord(this.#tracker.telemetry, {
      operation: createResponse,
      request: requestTo('/responses', body, { deployment: request.deployment }),
      endpoint,
      startTime,
      rebuilt: true,
      place: { parent, links, attributes: conversationAttributes(conversationId) },
    });
    asked.recordsBelow(record);
    const adopted = this.#know(asked, response, record);
    if (adopted === undefined) return;
    const continued = { endpoint, record, segment, startTime, clock };
    const open = this.#keep(adopted, asked, continued, call.client);
    open.see(response, call.endTime);
    if (isLeft(call, answerEnd)) open.apply({ type: 'left' }, call.endTime);
  }

  /**
   * Registers the tool calls of a retrieved response, unless the response is in progress or this process
   * already knows it.
   */
  #fetched(response: unknown, endTime: number, endpoint: Endpoint): void {
    const id = stringField(response, 'id');
    if (id === undefined || this.known(id, endpoint.origin) !== undefined || isResponseOpen(response)) return;
    const place: Place = { kind: 'conversation', conversationId: conversationIdOf(response) };
    const calls = readItemCalls(response, { content: this.#tracker.telemetry.wantsContent });
    this.#tracker.toolCalls.seen(calls, { endpoint, responseId: id, place, endTime });
  }

  #conversationUsed({ request, endpoint, context, segment }: ResponseRequest, call: ReadonlyCall): void {
    const tracker = this.#tracker;
    const { route, values, body } = request;
    const { origin } = endpoint;
    const id = call.outcome === 'value' ? stringField(call.value, 'id') : undefined;
    const creates = route.template === '/conversations';
    const created =
      creates && id !== undefined ? tracker.conversation('conversation', id, origin) : undefined;
    if (creates && created === undefined) segment?.end(call.endTime);
    if (created !== undefined) {
      created.created();
      segment?.identify(created);
    }
    if (call.outcome !== 'value') return;
    if (route.endpoint === DELETES_ITEM)
      tracker.conversation('conversation', values[0] ?? '', origin).remove(values[1] ?? '');
    if (route.template === '/conversations/{conversation_id}' && call.method === 'DELETE' && id !== undefined)
      tracker.endConversation('conversation', id, origin);
    const conversationId = creates ? id : values[0];
    if (call.method !== 'POST' || !TAKE_ITEMS.has(route.template) || conversationId === undefined) return;
    // If `withConversation` or a session of `@openai/agents` names this Conversation, the model calls have
    // already counted the messages that they answered.
    const put = putMessages(body, conversationIn(context) === conversationId);
    if (put.length === 0) return;
    const conversation = tracker.conversation('conversation', conversationId, origin);
    const reported = ofUser(arrayField(call.value, 'data'));
    for (const index of put.keys()) conversation.add(undefined, stringField(reported[index], 'id'));
  }
}

function isFolded({ route }: ApiRequest, open: ContinuedCall, context: Context): boolean {
  const traceId = trace.getSpanContext(open.context)?.traceId ?? '';
  return route.folds === 'response' && route.method !== 'DELETE' && isInTrace(activeSpan(context), traceId);
}

/** @param isKnown whether this process has created the response: LiteLLM does not say that it is a background response */
export function isBackgroundResponse(response: unknown, isKnown: boolean): boolean {
  if (stringField(response, 'id') === undefined || stateOf(response) === undefined) return false;
  return field(response, 'object') === 'response' && (field(response, 'background') ?? isKnown) === true;
}
