import { type ApiRequest, chat, operationOf } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import { field, row } from '../util/payload.ts';
import { conversationIn } from './conversation-context.ts';

/** The parts of the hierarchy: each knows the calls of one API, or those that belong together in another way. */
export type HierarchyPart = 'agents' | 'assistants' | 'completions' | 'histories' | 'polls' | 'responses';

/** By the first segment of the path. */
const FAMILIES: Readonly<Record<string, HierarchyPart>> = {
  agents: 'agents',
  vaults: 'agents',
  threads: 'assistants',
  assistants: 'assistants',
  responses: 'responses',
  conversations: 'responses',
};

/**
 * The part that knows the call, if it is part of something longer. The parts are loaded when the first such call is made.
 *
 * @param hasSpan whether a span is recorded of the call: else it opens no conversation that the program has named
 * @param awaitsToolCalls whether any tool call is pending, which a chat completion may answer
 */
export function partOf(
  call: Call,
  request: ApiRequest,
  hasSpan: boolean,
  awaitsToolCalls: boolean,
): HierarchyPart | undefined {
  const { route } = request;
  const family = row(FAMILIES, route.family) ?? (hasSpan && isPoll(call, route) ? 'polls' : undefined);
  if (family !== undefined || !hasSpan) return family;
  if (conversationIn(call.context) !== undefined) return 'histories';
  if (operationOf(route) !== chat) return undefined;
  return awaitsToolCalls || field(request.body, 'tools') !== undefined ? 'completions' : undefined;
}

/** A request of one of the SDK's poll helpers; those of runs are part of the run. */
function isPoll({ pollHelper, method }: Call, { folds }: ApiRequest['route']): boolean {
  return pollHelper && method === 'GET' && folds === undefined;
}
