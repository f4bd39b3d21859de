import { withConversation } from 'opentelemetry-instrumentation-openai/client';

/** The one line that a program adds to have a conversation of its own. */
export const around = (run) => withConversation('thread-1', run);
