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
  /** Additional attributes for a span that the call starts. Read only if it starts one. */
  readonly startAttributes?: Attributes | undefined;
}

/** The hierarchy's handling of one API. */
export interface ConversationApi {
  place(call: Call, request: ApiRequest, endpoint: Endpoint, options: PlaceOptions): Placement;
}

/** Just after the start of the segment, where the use has opened it. */
export function startIn(segment: Segment | undefined, { startTime }: Pick<Call, 'startTime'>): number {
  return inOrder(startTime, segment?.startTime);
}

/** Below the segment, unless the caller's span is neither the segment's parent nor missing: then it stays with that. */
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
 * The segment for a use of a conversation. Without an active span every use opens one; below an active span only a use
 * that changes something does.
 *
 * @param looks whether the use only reads
 */
export function segmentOf(
  tracker: ConversationTracker,
  use: Use,
  looks: boolean,
  active: Span | undefined,
): Segment | undefined {
  // A trace id that is derived from the conversation's id must wait for that id.
  if (use.id === undefined && (active !== undefined || derivesTraceIds())) return undefined;
  return looks && active !== undefined ? tracker.find(use, active) : tracker.open(use, active);
}

/**
 * The segment for a use of a conversation that is no thread or session: one is opened if there is no active span, or
 * always if so configured. Otherwise the open one of the same trace continues.
 */
export function enterConversation(tracker: ConversationTracker, use: Omit<Use, 'kind'>): Segment | undefined {
  const { conversationSpans } = tracker.telemetry.settings;
  const active = activeSpan(use.context);
  const always = conversationSpans === 'always' && use.id !== undefined;
  const waits = use.id === undefined && derivesTraceIds();
  const named: Use = { kind: 'conversation', ...use };
  return (active === undefined && !waits) || always
    ? tracker.open(named, active)
    : tracker.find(named, active);
}

/** Enters the conversation that the program has named around a call, until the segment is told that the request is over. */
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

/** The attributes of a span whose request and result do not name its conversation. */
export function conversationAttributes(id: string | undefined): Attributes | undefined {
  return id === undefined ? undefined : { [ATTR.GEN_AI_CONVERSATION_ID]: id };
}

/** Adds what a call has spent to the totals of a conversation. */
export function spendIn(
  tracker: ConversationTracker,
  id: string | undefined,
  origin: string,
  spent: Spent,
  startTime: number,
): void {
  if (id === undefined || ((spent.usage ?? spent.cost) === undefined && !spent.unpriced)) return;
  tracker.conversation('conversation', id, origin).count({ time: startTime, spent });
}
