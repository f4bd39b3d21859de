import { type Context, context, createContextKey } from '@opentelemetry/api';

const CONVERSATION: symbol = createContextKey('opentelemetry-instrumentation-openai conversation');

/**
 * Runs a function whose calls belong to one conversation, for programs that keep the history themselves and
 * send it with every chat completion. Its calls carry the id, and without an active span they form one trace.
 *
 * @param id of the conversation, as the program knows it
 * @returns what the function returns
 */
export function withConversation<Result>(id: string, run: () => Result): Result {
  return context.with(context.active().setValue(CONVERSATION, id), run);
}

/** The conversation that the program says the calls of a context belong to. */
export function conversationIn(context: Context): string | undefined {
  const id = context.getValue(CONVERSATION);
  return typeof id === 'string' && id !== '' ? id : undefined;
}
