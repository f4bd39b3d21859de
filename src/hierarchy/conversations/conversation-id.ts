import type { Context } from '@opentelemetry/api';
import { CONVERSATION } from '../../sdk/agents-sdk/agents-key.ts';
import { ProcessWide } from '../../util/process-state.ts';

/** The id from `withConversation`, or the group or session of a run of `@openai/agents`. */
export function conversationIn(context: Context): string | undefined {
  const id = context.getValue(CONVERSATION);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/**
 * Passes the id of a conversation to an id generator. OpenTelemetry calls a generator without arguments, so the id is
 * set just before a span starts and cleared right after. Shared by all builds of this package.
 */
interface Channel {
  conversationId: string | undefined;
  used: boolean;
}

export const conversationIdChannel: ProcessWide<Channel> = new ProcessWide('conversation-id', () => ({
  conversationId: undefined,
  used: false,
}));

/** Calls `start`. If that starts a trace, the trace's id may be derived from the conversation's id. */
export function inTraceOf<Result>(conversationId: string | undefined, start: () => Result): Result {
  const channel = conversationIdChannel.value;
  channel.conversationId = conversationId;
  try {
    return start();
  } finally {
    channel.conversationId = undefined;
  }
}

/** Whether trace ids are derived from conversation ids, which must then be known before the trace starts. */
export function derivesTraceIds(): boolean {
  return conversationIdChannel.value.used;
}
