import { hasWritable, ProcessWide } from '../util/process-wide.ts';

/**
 * How the id of a conversation reaches an id generator: generators are called without arguments, so the id is
 * laid out beside the call that starts the span, and taken back right after. One for all builds of this package.
 */
interface Channel {
  /** The conversation whose trace is being started. */
  conversationId: string | undefined;
  /** Somebody derives trace ids from it. */
  used: boolean;
}

const shared = new ProcessWide<Channel>({
  name: 'conversation-id',
  shape: 1,
  accepts: (value) => hasWritable(value, ['conversationId', 'used']),
  create: () => ({ conversationId: undefined, used: false }),
});

export function conversationIdChannel(): Channel {
  return shared.value;
}

/** Starts something whose trace belongs to the conversation, if there is one. */
export function inTraceOf<Result>(conversationId: string | undefined, start: () => Result): Result {
  const channel = conversationIdChannel();
  channel.conversationId = conversationId;
  try {
    return start();
  } finally {
    channel.conversationId = undefined;
  }
}

/** Whether the trace id of a conversation follows from its id, which then has to be known before the trace is. */
export function derivesTraceIds(): boolean {
  return conversationIdChannel().used;
}
