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

const CHANNEL: symbol = Symbol.for('opentelemetry-instrumentation-openai.conversation-id');

export function conversationIdChannel(): Channel {
  const holder = globalThis as Record<symbol, unknown>;
  holder[CHANNEL] ??= { conversationId: undefined, used: false } satisfies Channel;
  return holder[CHANNEL] as Channel;
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
