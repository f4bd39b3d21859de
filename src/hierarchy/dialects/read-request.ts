import type { Message } from '../../config/completion-types.ts';
import type { ApiRequest } from '../../operations/index.ts';
import { readToolDefinitions } from '../../operations/tool-definitions.ts';
import { field, textField } from '../../util/payload.ts';
import type { Intent } from '../dialect.ts';
import type { InvocationContent } from '../model.ts';

/** The value of a parameter in the path of a request, by its name in the template of the route. */
export function parameterOf({ route, values }: ApiRequest, name: string): string | undefined {
  const { parameters } = route;
  for (let index = 0; index < parameters.length; index++)
    if (parameters[index]?.name === name) return values[index];
  return undefined;
}

/** The path templates of an API's conversations. */
export interface ConversationPaths {
  /** The prefix of all paths about conversations, and the path that lists them. */
  readonly all: string;
  readonly one: string;
  /** The paths where a POST creates a conversation. */
  readonly creating: readonly string[];
}

/** @param starts whether the request starts an invocation, which changes the conversation */
export function conversationUse(
  { route, method }: ApiRequest,
  { all, one, creating }: ConversationPaths,
  starts: boolean,
): Intent['conversation'] {
  const { template, folds } = route;
  if (!template.startsWith(all)) return 'none';
  if (method === 'POST' && creating.includes(template)) return 'creates';
  if (template === all) return 'none';
  if (method === 'DELETE' && template === one) return 'deletes';
  return method === 'GET' || (folds !== undefined && !starts) ? 'reads' : 'changes';
}

/** Reads the instructions and tools of an agent, from a run, a session, or the request that creates it. */
export function readAgentContent(agent: unknown): InvocationContent {
  const instructions = textField(agent, 'instructions');
  return {
    systemInstructions: instructions === undefined ? [] : [{ type: 'text', content: instructions }],
    toolDefinitions: readToolDefinitions(agent),
  };
}

const NO_REQUEST_MESSAGES: readonly (Message | undefined)[] = [];

/**
 * Reads the messages in a request. If content is not recorded, each message of the user gives an entry without content,
 * to be counted, and messages of the agent are left out.
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
