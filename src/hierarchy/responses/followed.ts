import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import { countNewMessages, countPutMessages } from '../../operations/response/items.ts';
import { conversationIdOf } from '../../operations/response/outcome.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Spent } from '../../telemetry/cost/spent.ts';
import { type CallerTrace, callerTraceOf } from '../../telemetry/metadata.ts';
import type { Place } from '../../telemetry/place.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { field, stringField } from '../../util/payload.ts';
import type { OpenRecord } from '../api.ts';
import type { Conversation, Segment } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import { ItemTimes } from '../item-times.ts';
import type { Shelf } from '../store.ts';
import { readItemCalls } from '../tool-calls/item-calls.ts';
import { readItemResults } from '../tool-calls/item-results.ts';
import { lastMessagesIn } from '../tool-calls/last-messages.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import { conversationOf, readVectorStoreIds } from './request.ts';

export interface KnownResponse {
  /** Of its span. */
  readonly context: SpanContext;
  readonly conversationId: string | undefined;
  /** Whether this process created it and left it to the process that works on it. */
  readonly handedOn?: boolean | undefined;
  /** Of a background response, as it was requested: its answer names a version. */
  readonly model: string | undefined;
}

/** The conversation that a call uses. */
export interface UsedConversation {
  readonly createsResponse: boolean;
  /** The response that the call refers to, if this process knows it. */
  readonly known: KnownResponse | undefined;
  /** The conversation that the program has named, where the call names none. */
  readonly named: string | undefined;
  /** `undefined` for a call that creates the conversation. */
  readonly id: string | undefined;
  readonly uses: boolean;
}

/** @param known the response that the call refers to */
export function conversationUsedBy(
  call: Call,
  request: ApiRequest,
  createsResponse: boolean,
  known: KnownResponse | undefined,
): UsedConversation {
  const { route } = request;
  const own =
    conversationOf(request, createsResponse) ?? (createsResponse ? undefined : known?.conversationId);
  const named = own === undefined && route.family === 'responses' ? conversationIn(call.context) : undefined;
  const id = own ?? named;
  const uses = id !== undefined || route.template === '/conversations';
  return { createsResponse, known, named, id, uses };
}

/** Where requests put items into a conversation. */
const TAKE_ITEMS: ReadonlySet<string> = new Set(['/conversations', '/conversations/{conversation_id}/items']);

/** A request about a response that was created before. */
export interface Fetched {
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly startTime: number;
  /** The caller's. */
  readonly context: Context;
  readonly known: KnownResponse | undefined;
  /** As the request or the program names it. */
  readonly conversationId: string | undefined;
}

/** What is kept of a request for a response until it has ended. */
export interface FollowedResponse {
  readonly endpoint: Endpoint;
  readonly segment: Segment | undefined;
  /** As the request or the program names it. */
  readonly conversationId: string | undefined;
  readonly times: ItemTimes;
  readonly parent: CallerTrace;
  readonly vectorStoreIds: readonly string[];
  readonly userMessages: number;
  readonly startTime: number;
  readonly content: boolean;
  /** What the model replies to, if it is short. Not known of a background response, which is kept for long. */
  readonly lastMessages: unknown;
  /** Whether it is left to the process that works on it. */
  readonly handedOn?: boolean | undefined;
  /** Of a background response. */
  readonly model: string | undefined;
  /** Set while its stream goes on, once later requests can find it and its tool calls. */
  isTaken?: boolean;
}

/** Lets later requests that refer to a response find it. */
export function know(
  known: Shelf<KnownResponse>,
  follow: FollowedResponse,
  response: unknown,
  record: OpenRecord,
): void {
  const context = trace.getSpanContext(record.context);
  follow.parent.span ??= context;
  const conversationId = conversationIdOf(response) ?? follow.conversationId;
  const { endpoint, handedOn, model } = follow;
  const id = stringField(response, 'id');
  if (context !== undefined && id !== undefined)
    known.set(endpoint.origin, id, { context, conversationId, handedOn, model });
}

/** Takes the tool calls of a response that has ended. */
export function takeCalls(
  toolCalls: ToolCalls,
  follow: FollowedResponse,
  response: unknown,
  endTime: number,
): void {
  const { endpoint, parent, startTime, vectorStoreIds, times, lastMessages } = follow;
  const { origin } = endpoint;
  const calls = readItemCalls(response, follow);
  if (calls.length === 0) return;
  const responseId = stringField(response, 'id');
  const conversationId = conversationIdOf(response) ?? follow.conversationId;
  const place: Place = { kind: 'conversation', conversationId };
  const reply = { origin, responseId, parent, place, vectorStoreIds, startTime, endTime, lastMessages };
  toolCalls.requested(calls, reply, times);
}

/** What is kept of a request with this body, below the context of its parent. */
export function followedResponse(
  { wantsContent: content }: Telemetry,
  body: unknown,
  parent: Context,
  from: Pick<FollowedResponse, 'endpoint' | 'segment' | 'conversationId' | 'startTime' | 'handedOn'>,
): FollowedResponse {
  const { endpoint, segment, conversationId, startTime, handedOn } = from;
  const isBackground = field(body, 'background') === true;
  return {
    endpoint,
    segment,
    conversationId,
    startTime,
    handedOn,
    times: new ItemTimes(),
    parent: callerTraceOf(parent),
    vectorStoreIds: readVectorStoreIds(body),
    userMessages: countNewMessages(body),
    content,
    lastMessages: isBackground ? undefined : lastMessagesIn(field(body, 'input')),
    model: isBackground ? stringField(body, 'model') : undefined,
  };
}

/** Called when a response of a conversation has ended. */
export function countResponse(
  conversation: Conversation,
  { userMessages, handedOn, startTime }: Pick<FollowedResponse, 'userMessages' | 'handedOn' | 'startTime'>,
  spent: Spent,
): void {
  conversation.countUserMessages(userMessages);
  if (handedOn) return;
  conversation.startedRun(startTime);
  conversation.spent(spent, startTime);
}

/**
 * Called when a request that uses a conversation is over. It may have created or deleted the conversation, or put
 * messages and results of tool calls into it.
 */
export function conversationUsed(
  tracker: ConversationTracker,
  toolCalls: ToolCalls,
  { request, endpoint, context }: Fetched,
  segment: Segment | undefined,
  call: Call,
): void {
  const { template } = request.route;
  const { origin } = endpoint;
  segment?.requestEnded(call.endTime);
  const id = call.outcome === 'value' ? stringField(call.value, 'id') : undefined;
  if (template === '/conversations' && segment !== undefined) {
    if (id === undefined) segment.end(call.endTime);
    else segment.identify(tracker.conversation('conversation', id, origin));
  }
  const puts = call.method === 'POST' && call.outcome === 'value' && TAKE_ITEMS.has(template);
  const usedId = template === '/conversations' ? id : request.values[0];
  if (puts && usedId !== undefined) {
    // In a session, such as one of `@openai/agents`, the model calls have counted what they answered.
    const messages = countPutMessages(request.body, conversationIn(context) === usedId);
    if (messages > 0) tracker.conversation('conversation', usedId, origin).countUserMessages(messages);
    if (toolCalls.areAwaited)
      toolCalls.answer(readItemResults({ input: field(request.body, 'items') }), {
        origin,
        conversationId: usedId,
        time: call.startTime,
        parent: context,
      });
  }
  if (template === '/conversations/{conversation_id}' && call.method === 'DELETE' && id !== undefined)
    tracker.endConversation('conversation', id, origin);
}
