import type { Attributes } from '@opentelemetry/api';
import type { ApiRequest } from '../operations/index.ts';
import type { Call, CallObservation } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { CallPlace } from '../telemetry/spans/call-place.ts';
import { derivesTraceIds } from './conversation-trace-id.ts';
import type { Use } from './conversation-use.ts';
import { activeSpan, type Segment } from './segment.ts';
import type { Conversations } from './tracker.ts';

export type { OpenSpan } from '../telemetry/spans/call-place.ts';

/** Where in the hierarchy a call with a span of its own stands, and what the hierarchy wants to know of it. */
export type Placement = CallPlace;

export interface ObserveOptions {
  /** What a span that the call starts has beside the attributes of its own; asked for only if it starts one. */
  readonly startAttributes: () => Attributes;
}

/** One API's part in the hierarchy. */
export interface ConversationApi {
  /** The observation of a call that is part of something longer; `undefined` where it has a span of its own. */
  observe(
    call: Call,
    request: ApiRequest,
    endpoint: Endpoint,
    options: ObserveOptions,
  ): CallObservation | undefined;
  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement;
}

/**
 * The segment of a conversation that is used: without an active span every use opens one; below one, only what
 * changes something does.
 *
 * @param looks whether the use changes nothing
 */
export function segmentOf(conversations: Conversations, use: Use, looks: boolean): Segment | undefined {
  const active = activeSpan(use.context) !== undefined;
  // A trace id that follows from the conversation's id has to wait for it.
  if (use.id === undefined && (active || derivesTraceIds())) return undefined;
  return looks && active ? conversations.find(use) : conversations.open(use);
}
