import { type Context, createContextKey } from '@opentelemetry/api';

export const CONVERSATION: symbol = createContextKey('opentelemetry-instrumentation-openai conversation');

/** The conversation that the program says the calls of a context belong to. */
export function conversationIn(context: Context): string | undefined {
  const id = context.getValue(CONVERSATION);
  return typeof id === 'string' && id !== '' ? id : undefined;
}
