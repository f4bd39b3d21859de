import { type Attributes, type Context, type SpanContext, trace } from '@opentelemetry/api';
import type { Endpoint } from '../sdk/provider.ts';
import { ATTR_GEN_AI_REQUEST_MODEL, ATTR_GEN_AI_RESPONSE_MODEL } from '../semconv/attributes.ts';
import type { Place } from '../telemetry/place.ts';
import { type StartedInvocation, startInvocationSpan } from '../telemetry/spans/invocation-span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AskedMessages } from './conversation.ts';
import type { Invocation } from './invocation.ts';
import type { Agent, ConversationKind, InvocationContent, InvocationSnapshot } from './model.ts';
import type { Segment } from './segment.ts';
import type { ServerClock } from './server-clock.ts';

/** Reads what is still unknown of an invocation that has ended. */
export type ReadDetails = (invocation: Invocation) => Promise<void>;

/** What an invocation begins with. */
export interface InvocationStart {
  readonly telemetry: Telemetry;
  readonly kind: ConversationKind;
  readonly segment: Segment | undefined;
  readonly agent: Agent | undefined;
  readonly agentId: string | undefined;
  readonly endpoint: Endpoint;
  readonly attributes: Attributes;
  readonly asked: AskedMessages;
  /** What the request that creates it says, where content is recorded: all there is if it is never seen. */
  readonly content: InvocationContent | undefined;
  readonly context: Context;
  /** Where it was created, if that is not here. */
  readonly creator?: SpanContext | undefined;
  readonly startTime: number;
  /** The invocation whose agent called for it: a subagent's turn stands below the turn that it works for. */
  readonly above?: Invocation | undefined;
  readonly subagentId?: string | undefined;
  /** Known where something else than the creation of the invocation has told it. */
  readonly clock?: ServerClock;
  /** It begins at what the server says, in whole seconds: too coarse to be measured. */
  readonly rebuilt?: boolean;
  /** Told when it has closed: to be kept no longer. */
  readonly forgotten?: () => void;
  /** Records it: no more is going to be known of it. */
  readonly closed: (invocation: Invocation, endTime: number) => void;
}

/** Below what it works for, else in its conversation; linked to its caller where that is deeper than the segment. */
export function startSpan(start: InvocationStart, place: Place): StartedInvocation {
  const { telemetry, segment, above, endpoint, attributes, context, startTime } = start;
  const caller = trace.getSpanContext(context);
  const bounded = segment === undefined || segment.parentSpanId === caller?.spanId || above !== undefined;
  const linked = [bounded ? undefined : caller, start.creator];
  return startInvocationSpan(telemetry, {
    place,
    endpoint,
    attributes,
    parent: (above ?? segment)?.contextIn(context) ?? context,
    links: linked.flatMap((other) => (other === undefined ? [] : [{ context: other }])),
    startTime,
  });
}

/** What is told by the first sight of an invocation, and stays. */
export function identity({ model, parameters }: InvocationSnapshot, known: Attributes): Attributes {
  if (model === undefined) return parameters;
  return {
    ...parameters,
    [ATTR_GEN_AI_REQUEST_MODEL]: known[ATTR_GEN_AI_REQUEST_MODEL] ?? model,
    [ATTR_GEN_AI_RESPONSE_MODEL]: model,
  };
}
