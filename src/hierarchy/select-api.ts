import { type ApiRequest, chat, type Operation } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import { isPollHelper } from '../sdk/resources.ts';
import { field } from '../util/payload.ts';
import { conversationIn } from './conversations/conversation-id.ts';

/** The APIs of the hierarchy: each knows the calls of one API of the SDK, or those that belong together in another way. */
export type HierarchyApi = 'agents' | 'assistants' | 'completions' | 'polls' | 'responses';

/** By the first segment of the path: a dialect, or what knows the API. */
const FAMILIES: ReadonlyMap<string, HierarchyApi> = new Map([
  ['agents', 'agents'],
  ['vaults', 'agents'],
  ['threads', 'assistants'],
  ['assistants', 'assistants'],
  ['responses', 'responses'],
  ['conversations', 'responses'],
]);

/**
 * The API that knows the call, if it is part of something longer. All are loaded when the first such call is made.
 *
 * @param hasSpan whether a span is recorded of the call: else it opens no conversation that the program has named
 * @param known says whether any tool call is pending, which a chat completion may answer
 */
export function selectApi(
  call: Call,
  request: ApiRequest,
  operation: Operation,
  hasSpan: boolean,
  known: { readonly awaitsToolCalls: boolean } | undefined,
): HierarchyApi | undefined {
  const { route } = request;
  const isPoll = hasSpan && call.method === 'GET' && route.folds === undefined && isPollHelper(call);
  // Requests of the SDK's poll helpers; those of runs are part of the run.
  const family = FAMILIES.get(route.family) ?? (isPoll ? 'polls' : undefined);
  if (family !== undefined || !hasSpan) return family;
  if (conversationIn(call.context) !== undefined) return 'completions';
  if (operation !== chat) return undefined;
  const concernsTools = known?.awaitsToolCalls || field(request.body, 'tools') !== undefined;
  return concernsTools ? 'completions' : undefined;
}
