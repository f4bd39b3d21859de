import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ApiRequest } from '../operations/index.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { Placement } from '../telemetry/placement.ts';
import { inOrder } from '../util/clock.ts';
import { activeSpan, type Segment, type Use } from './conversations/conversation.ts';
import { conversationIn } from './conversations/conversation-id.ts';
import { contextInConversation } from './conversations/own-trace.ts';
import type { ConversationTracker } from './tracker.ts';

export interface PlaceOptions {
  /** Read only if the call starts an invocation: a getter may run the program's hook. */
  readonly startAttributes?: Attributes | undefined;
}

export interface ConversationApi {
  place(call: ReadonlyCall, request: ApiRequest, endpoint: Endpoint, options: PlaceOptions): Placement;
}

/** The span of the segment or session becomes the parent, unless another span than that span's own parent is active. */
export function parentIn(
  segment: Pick<Segment, 'parentSpanId' | 'contextIn'> | undefined,
  context: Context,
  active: Span | undefined = activeSpan(context),
): Context {
  if (segment === undefined) return context;
  const caller = active?.spanContext().spanId;
  return caller === undefined || caller === segment.parentSpanId ? segment.contextIn(context) : context;
}

/** For a conversation that is neither a thread nor a session. */
export function enterConversation(tracker: ConversationTracker, use: Omit<Use, 'kind'>): Segment | undefined {
  const opensBelow = tracker.telemetry.settings.conversationSpans === 'always';
  return tracker.enter({ kind: 'conversation', ...use }, activeSpan(use.context), opensBelow);
}

/** The caller must call `segment.requestEnded` when the call ends. */
export function placeInNamed(
  tracker: ConversationTracker,
  { context: caller, startTime }: ReadonlyCall,
  endpoint: Endpoint,
  more: Pick<Use, 'apiType' | 'continued'> = {},
): { id: string | undefined; segment: Segment | undefined; place: Placement } {
  const id = conversationIn(caller);
  let context = caller;
  let segment: Segment | undefined;
  if (id !== undefined) {
    context = contextInConversation(caller, tracker, 'conversation', id, endpoint.origin);
    segment = enterConversation(tracker, { id, context, endpoint, startTime, ...more });
    segment?.requestStarted();
  }
  return { id, segment, place: placedIn(segment, { context, startTime }, id) };
}

/** @param id the conversation's id, if the call's span is to carry it */
export function placedIn(
  segment: Segment | undefined,
  { context, startTime }: Pick<ReadonlyCall, 'context' | 'startTime'>,
  id: string | undefined,
): Placement {
  return {
    parent: parentIn(segment, context),
    context,
    startTime: inOrder(startTime, segment?.startTime),
    attributes: conversationAttributes(id),
  };
}

export function conversationAttributes(id: string | undefined): Attributes | undefined {
  return id === undefined ? undefined : { [ATTR.GEN_AI_CONVERSATION_ID]: id };
}
