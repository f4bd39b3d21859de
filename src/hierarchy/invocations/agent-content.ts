import type { Message } from '../../config/completion-types.ts';
import { readResponseTools } from '../../operations/response/tool-definitions.ts';
import { field, textField } from '../../util/payload.ts';
import type { InvocationContent } from '../model.ts';

/** The instructions and tools of an agent, in a run, a session, or a request for one. */
export function readAgentContent(agent: unknown): InvocationContent {
  const instructions = textField(agent, 'instructions');
  return {
    systemInstructions: instructions === undefined ? [] : [{ type: 'text', content: instructions }],
    toolDefinitions: readResponseTools(agent),
  };
}

const NO_REQUEST_MESSAGES: readonly (Message | undefined)[] = [];

/**
 * The messages in a request: one entry for each of the user, with its content if content is recorded. Without content there
 * are none of the agent.
 */
export function readRequestMessages(
  messages: readonly unknown[],
  content: boolean,
  read: (message: unknown) => Message,
): readonly (Message | undefined)[] {
  if (messages.length === 0) return NO_REQUEST_MESSAGES;
  if (content) return messages.map(read);
  return messages.filter((message) => field(message, 'role') !== 'assistant').map(() => undefined);
}
