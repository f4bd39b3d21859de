import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ApiRequest } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { Spent } from '../telemetry/cost/usage.ts';
import type { Placement } from '../telemetry/placement.ts';
import { inOrder } from '../util/clock.ts';
import { activeSpan, type Segment, type Use } from './conversations/conversation.ts';
import { derivesTraceIds } from './conversations/conversation-id.ts';
import { contextInConversation } from './conversations/own-trace.ts';
import type { ConversationTracker } from './tracker.ts';

export type { OpenRecord, Placement } from '../telemetry/placement.ts';

export interface PlaceOptions {
  /** Additional attributes for the span of an invocation. Read only if the call starts one. */
  readonly startAttributes?: Attributes | undefined;
}

export interface ConversationApi {
  place(call: Call, request: ApiRequest, endpoint: Endpoint, options: PlaceOptions): Placement;
}

/** The start time for a call's span. If both would start at once, it starts just after the segment. */
export function startIn(segment: Segment | undefined, { startTime }: Pick<Call, 'startTime'>): number {
  return inOrder(startTime, segment?.startTime);
}

/**
 * The parent for a call in a segment: the segment's span, if no span is active or the active span is the segment's
 * parent. Otherwise, the call stays below the active span.
 */
export function parentIn(
  segment: Segment | undefined,
  context: Context,
  active: Span | undefined = activeSpan(context),
): Context {
  if (segment === undefined) return context;
  const caller = active?.spanContext().spanId;
  return caller === undefined || caller === segment.parentSpanId ? segment.contextIn(context) : context;
}

/**
 * The segment for a use of a conversation. Without an active span, every use may open a segment. Below an active span,
 * only a use that changes the conversation opens one; a use that only reads (`looks`) joins one that is already open.
 */
export function segmentOf(
  tracker: ConversationTracker,
  use: Use,
  looks: boolean,
  active: Span | undefined,
): Segment | undefined {
  // If trace ids are derived from conversation ids, no trace can start before the id is known.
  if (use.id === undefined && (active !== undefined || derivesTraceIds())) return undefined;
  return looks && active !== undefined ? tracker.findSegment(use, active) : tracker.openSegment(use, active);
}

/**
 * The segment for a use of a conversation that is neither a thread nor a session. Without an active span, or with
 * `conversationSpans: 'always'`, a segment is opened if none is open. Otherwise, only an open segment is joined.
 */
export function enterConversation(tracker: ConversationTracker, use: Omit<Use, 'kind'>): Segment | undefined {
  const { conversationSpans } = tracker.telemetry.settings;
  const active = activeSpan(use.context);
  const named: Use = { kind: 'conversation', ...use };
  const opens = active === undefined || (conversationSpans === 'always' && use.id !== undefined);
  return opens && (use.id !== undefined || !derivesTraceIds())
    ? tracker.openSegment(named, active)
    : tracker.findSegment(named, active);
}

/** Enters the conversation that the program named around a call. The caller calls `requestEnded` of the segment. */
export function enterWithCall(
  tracker: ConversationTracker,
  call: Call,
  { id, endpoint, apiType }: { id: string; endpoint: Endpoint; apiType?: string | undefined },
): Segment | undefined {
  call.context = contextInConversation(call.context, tracker, 'conversation', id, endpoint.origin);
  const { context, startTime } = call;
  const segment = enterConversation(tracker, { id, context, endpoint, apiType, startTime });
  segment?.requestStarted();
  return segment;
}

export function conversationAttributes(id: string | undefined): Attributes | undefined {
  return id === undefined ? undefined : { [ATTR.GEN_AI_CONVERSATION_ID]: id };
}

/** Adds the tokens and the cost of a call to the totals of its conversation, if there is one. */
export function spendIn(
  tracker: ConversationTracker,
  id: string | undefined,
  origin: string,
  spent: Spent,
): void {
  if (id === undefined || ((spent.usage ?? spent.cost) === undefined && !spent.unpriced)) return;
  tracker.conversation('conversation', id, origin).count({ spent });
}
