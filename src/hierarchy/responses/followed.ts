import type { Context, SpanContext } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { type CallerTrace, callerTraceOf } from '../../telemetry/metadata.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { stringField } from '../../util/payload.ts';
import type { Segment } from '../segment.ts';
import type { ConversationTracker } from '../tracker.ts';
import { countUserMessages, ItemTimes, readVectorStoreIds } from './items.ts';

export interface KnownResponse {
  /** Of its span. */
  readonly context: SpanContext;
  readonly conversationId: string | undefined;
  /** Whether this process created it and left it to whoever works on it. */
  readonly handedOn?: boolean | undefined;
}

/** A request about a response that was created before. */
export interface Fetched {
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  /** The caller's. */
  readonly context: Context;
  readonly known: KnownResponse | undefined;
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
  /** Whether it is left to whoever works on it. */
  readonly handedOn?: boolean | undefined;
}

/** What is kept of a request with this body, below the context of its parent. */
export function followedResponse(
  { wantsContent: content }: Telemetry,
  body: unknown,
  {
    parent,
    ...from
  }: Pick<FollowedResponse, 'endpoint' | 'segment' | 'conversationId' | 'startTime' | 'handedOn'> & {
    readonly parent: Context;
  },
): FollowedResponse {
  return {
    ...from,
    times: new ItemTimes(),
    parent: callerTraceOf(parent),
    vectorStoreIds: readVectorStoreIds(body),
    userMessages: countUserMessages(body),
    content,
  };
}

/** Called when a request that uses a conversation is over. It may have created or deleted the conversation. */
export function conversationUsed(
  conversations: ConversationTracker,
  { request, endpoint }: Fetched,
  segment: Segment | undefined,
  call: Call,
): void {
  const { template } = request.route;
  const { origin } = endpoint;
  segment?.requestEnded(call.endTime);
  const id = call.outcome === 'value' ? stringField(call.value, 'id') : undefined;
  if (template === '/conversations' && segment !== undefined) {
    if (id === undefined) segment.end(call.endTime);
    else segment.identify(conversations.conversation('conversation', id, origin));
  }
  if (template === '/conversations/{conversation_id}' && call.method === 'DELETE' && id !== undefined)
    conversations.endConversation('conversation', id, origin);
}
