import { type ApiRequest, chat, type Operation } from '../operations/index.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import { isPollHelper } from '../sdk/resources.ts';
import { field } from '../util/payload.ts';
import { conversationIn } from './conversations/conversation-id.ts';

export type HierarchyApi = 'agents' | 'assistants' | 'completions' | 'polls' | 'responses';

const FAMILIES: ReadonlyMap<string, HierarchyApi> = new Map([
  ['agents', 'agents'],
  ['vaults', 'agents'],
  ['threads', 'assistants'],
  ['assistants', 'assistants'],
  ['responses', 'responses'],
  ['conversations', 'responses'],
]);

/**
 * Selects the handler for a call that may be part of a longer operation; `undefined` for any other call. The code of
 * the handlers is loaded when the first such call is made.
 *
 * @param hasSpan whether the call is recorded as a span. If not, it opens no conversation that the program has named
 * @param toolCalls says whether any tool call is pending. If so, a chat completion may answer it
 */
export function selectApi(
  call: ReadonlyCall,
  request: ApiRequest,
  operation: Operation,
  hasSpan: boolean,
  toolCalls: { readonly areAwaited: boolean } | undefined,
): HierarchyApi | undefined {
  const { route } = request;
  const isPoll = hasSpan && call.method === 'GET' && route.folds === undefined && isPollHelper(call);
  // Polls without a family are `polls`. A run's polls have the family of the run.
  const family = FAMILIES.get(route.family) ?? (isPoll ? 'polls' : undefined);
  if (family !== undefined || !hasSpan) return family;
  if (conversationIn(call.context) !== undefined) return 'completions';
  if (operation !== chat) return undefined;
  const concernsTools = toolCalls?.areAwaited || field(request.body, 'tools') !== undefined;
  return concernsTools ? 'completions' : undefined;
}
