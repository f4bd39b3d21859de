import { type Context, createContextKey } from '@opentelemetry/api';

export const CONVERSATION: symbol = createContextKey('opentelemetry-instrumentation-openai conversation');

/** The id that the program passed to `withConversation`, if the context is inside it. */
export function conversationIn(context: Context): string | undefined {
  const id = context.getValue(CONVERSATION);
  return typeof id === 'string' && id !== '' ? id : undefined;
}
