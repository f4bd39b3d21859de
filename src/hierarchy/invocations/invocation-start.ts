import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Place } from '../../telemetry/place.ts';
import { type StartedInvocation, startInvocationSpan } from '../../telemetry/spans/invocation-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { inOrder } from '../../util/microseconds.ts';
import type { InputMessages } from '../conversations/conversation.ts';
import { activeSpan, type Segment } from '../conversations/segment.ts';
import type { Agent, ConversationKind, InvocationContent } from '../model.ts';
import type { OpenContent } from '../open-content.ts';
import type { OperationClock } from '../operation-clock.ts';
import type { Send } from '../reads/origin-reads.ts';
import type { Invocation } from './invocation.ts';
import type { PausedInvocation } from './paused-invocation.ts';

/**
 * Reads the missing details of an ended invocation, or only whether one has ended.
 *
 * @throws the SDK's error
 */
export type ReadDetails = (invocation: Invocation, what: 'end' | 'details', send: Send) => Promise<void>;

/** The initial state of an invocation. */
export interface InvocationStart {
  readonly kind: ConversationKind;
  readonly segment: Segment | undefined;
  readonly agent: Agent | undefined;
  readonly agentId: string | undefined;
  readonly endpoint: Endpoint;
  readonly attributes: Attributes;
  /** The vector stores that the request names. */
  readonly vectorStoreIds?: readonly string[] | undefined;
  readonly input: InputMessages;
  /** The content of the creating request, if content is recorded. It remains if the invocation is never seen. */
  readonly content: InvocationContent | undefined;
  readonly context: Context;
  /** The span that created it in another process. */
  readonly creator?: SpanContext | undefined;
  readonly startTime: number;
  /** The invocation that it works for: the turn of a subagent is a child of that turn. */
  readonly above?: Invocation | undefined;
  readonly subagentId?: string | undefined;
  /** That of the request; by default that of the invocation above. */
  readonly clock?: OperationClock | undefined;
  /** Set if it goes on after a pause, of which an earlier span tells. */
  readonly resumed?: PausedInvocation;
  /** Its start is in the server's whole seconds, too coarse for duration metrics. */
  readonly rebuilt?: boolean;
  /** Called when it has closed, to forget it. */
  readonly forgotten?: ((invocation: Invocation) => void) | undefined;
}

/** Who opens invocations and records them. */
export interface InvocationOwner {
  readonly telemetry: Telemetry;
  readonly openContent: OpenContent;
  /** Called when one closes, to record it. */
  closed(invocation: Invocation, endTime: number): void;
}

/** Starts the span below the invocation it works for, or else in its conversation, with a link to a deeper caller. */
export function startInvocation(
  telemetry: Telemetry,
  start: InvocationStart,
  place: Place,
): StartedInvocation & { readonly startTime: number } {
  const { segment, above, endpoint, attributes, context } = start;
  const caller = activeSpan(context)?.spanContext();
  const bounded = segment === undefined || segment.parentSpanId === caller?.spanId || above !== undefined;
  const linked = [bounded ? undefined : caller, start.creator];
  // Just after the span above it, where both would start at once.
  const startTime = inOrder(start.startTime, (above ?? segment)?.startTime);
  const started = startInvocationSpan(telemetry, {
    place,
    endpoint,
    attributes,
    parent: (above ?? segment)?.contextIn(context) ?? context,
    links: linked.flatMap((other) => (other === undefined ? [] : [{ context: other }])),
    startTime,
  });
  return { ...started, startTime };
}
