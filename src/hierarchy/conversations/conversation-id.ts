import { type Context, createContextKey } from '@opentelemetry/api';
import { ProcessWide } from '../../util/process-state.ts';

export const CONVERSATION: symbol = createContextKey('opentelemetry-instrumentation-openai conversation');

/** The id that the program passed to `withConversation`, if the context is inside it. */
export function conversationIn(context: Context): string | undefined {
  const id = context.getValue(CONVERSATION);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/**
 * Carries the id of a conversation to an id generator, which is called without arguments: the id is set just before the
 * span starts and cleared right after. Shared by all builds of this package.
 */
interface Channel {
  /** The conversation whose trace is being started. */
  conversationId: string | undefined;
  /** Whether a generator derives trace ids. */
  used: boolean;
}

const shared = new ProcessWide<Channel>('conversation-id', () => ({
  conversationId: undefined,
  used: false,
}));

export function conversationIdChannel(): Channel {
  return shared.value;
}

/** Calls `start`; a trace that it starts belongs to the conversation, if there is one. */
export function inTraceOf<Result>(conversationId: string | undefined, start: () => Result): Result {
  const channel = conversationIdChannel();
  channel.conversationId = conversationId;
  try {
    return start();
  } finally {
    channel.conversationId = undefined;
  }
}

/** Whether trace ids are derived from conversation ids, which must then be known before the trace starts. */
export function derivesTraceIds(): boolean {
  return conversationIdChannel().used;
}
