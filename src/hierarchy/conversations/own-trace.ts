import { type Context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { AGENTS } from '../../sdk/agents-sdk/agents-key.ts';
import type { AgentsNode } from '../../sdk/agents-sdk/node.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { ConversationKind } from '../model.ts';
import { activeSpan, type Conversation, type Segment } from './conversation.ts';
import { CONVERSATION } from './conversation-id.ts';

/*
 * With `conversationSpans: 'trace'` a conversation has a trace of its own also below an active span: it is used as if no
 * span were active, and that span gets a link to it.
 */

/**
 * The number of conversations that one span of the program links to. Beyond it, they stay in the trace of that span.
 */
const MAX_LINKED_CONVERSATIONS = 8;

/** The span of the program that a conversation is used below. */
const CALLER: symbol = createContextKey('opentelemetry-instrumentation-openai caller of a conversation');

/** Finds the conversations of this process. */
interface Conversations {
  readonly telemetry: Telemetry;
  conversation(kind: ConversationKind, id: string, origin: string): Conversation;
}

/** The ids of the segments that a span of the program has been linked to. */
const linked = new WeakMap<Span, Set<string>>();

/**
 * The context for a call that uses a conversation: where that has a trace of its own, without the program's span, which
 * is remembered.
 *
 * @param id `undefined` if the call creates it
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
  const segments = id === undefined ? [] : tracker.conversation(kind, id, origin).segments.values();
  const links = linked.get(caller);
  const mayLink = links === undefined || links.size < MAX_LINKED_CONVERSATIONS;
  let isLinked = false;
  for (const { spanContext } of segments) {
    // The program continues below a span of the conversation.
    if (spanContext.traceId === caller.spanContext().traceId) return context;
    isLinked ||= links?.has(spanContext.spanId) === true;
  }
  return mayLink || isLinked ? trace.deleteSpan(context).setValue(CALLER, caller) : context;
}

/** Whether an agent of `@openai/agents` uses the conversation. It keeps its calls. */
function isOfAgent(context: Context, id: string | undefined): boolean {
  const node = context.getValue(AGENTS) as AgentsNode | undefined;
  if (node?.open === undefined) return false;
  return node.isModelCall || (id !== undefined && node.valueOf(CONVERSATION) === id);
}

/** Links the span of the program to a conversation that is used below it, once. */
export function linkCaller(context: Context, segment: Segment): void {
  const caller = context.getValue(CALLER) as Span | undefined;
  if (caller === undefined) return;
  const { spanContext } = segment;
  let links = linked.get(caller);
  if (links === undefined) {
    links = new Set();
    linked.set(caller, links);
  }
  if (links.has(spanContext.spanId) || links.size >= MAX_LINKED_CONVERSATIONS) return;
  links.add(spanContext.spanId);
  caller.addLink({ context: spanContext });
}
