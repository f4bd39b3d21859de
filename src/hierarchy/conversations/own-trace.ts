import { type Context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { AGENTS } from '../../sdk/agents-sdk/agents-key.ts';
import type { AgentsNode } from '../../sdk/agents-sdk/node.ts';
import type { ConversationKind } from '../../telemetry/place-attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { guard } from '../../util/guard.ts';
import { activeSpan, type Conversation, type Segment } from './conversation.ts';

/*
 * With `conversationSpans: 'trace'`, a conversation has a trace of its own even if a span of the program is active. The
 * conversation is handled as if no span were active, and the active span gets a link to the conversation's span.
 */

/** A span of the program links to at most this many conversations. Further ones stay in that span's trace. */
const MAX_LINKED_CONVERSATIONS = 8;

const CALLER: symbol = createContextKey('opentelemetry-instrumentation-openai caller of a conversation');

interface Conversations {
  readonly telemetry: Telemetry;
  conversation(kind: ConversationKind, id: string, origin: string): Conversation;
}

/** The span ids of the segments that a span of the program links to. */
const linked = new WeakMap<Span, Set<string>>();

/**
 * The context for a call that uses a conversation. If the conversation has a trace of its own, the program's span is
 * removed from the context, and remembered there so that {@link linkCaller} can link it.
 *
 * @param id `undefined` if the call creates the conversation
 */
export function contextInConversation(
  context: Context,
  tracker: Conversations,
  kind: ConversationKind,
  id: string | undefined,
  origin: string,
): Context {
  if (tracker.telemetry.settings.conversationSpans !== 'trace') return context;
  const caller = activeSpan(context);
  if (caller === undefined || (kind === 'conversation' && isOfAgent(context, id))) return context;
  const segments = id === undefined ? [] : tracker.conversation(kind, id, origin).segments;
  const links = linked.get(caller);
  const mayLink = links === undefined || links.size < MAX_LINKED_CONVERSATIONS;
  let isLinked = false;
  for (const { spanContext } of segments) {
    // The program's span is already in the trace of the conversation.
    if (spanContext.traceId === caller.spanContext().traceId) return context;
    isLinked ||= links?.has(spanContext.spanId) === true;
  }
  return mayLink || isLinked ? trace.deleteSpan(context).setValue(CALLER, caller) : context;
}

/** Whether an agent of `@openai/agents` uses the conversation. If so, its calls stay in the agent's trace. */
function isOfAgent(context: Context, id: string | undefined): boolean {
  const node = context.getValue(AGENTS) as AgentsNode | undefined;
  if (node?.open === undefined) return false;
  return node.isModelCall || (id !== undefined && node.conversationId === id);
}

/** Links the program's span to a conversation that is used below that span. Links each segment only once. */
export function linkCaller(context: Context, segment: Segment): void {
  const caller = context.getValue(CALLER) as Span | undefined;
  if (caller === undefined) return;
  const { spanContext } = segment;
  const links = linked.get(caller) ?? new Set();
  if (links.has(spanContext.spanId) || links.size >= MAX_LINKED_CONVERSATIONS) return;
  linked.set(caller, links.add(spanContext.spanId));
  guard('linking a span', () => caller.addLink({ context: spanContext }));
}
