import type { ApiRequest } from '../operations/index.ts';
import type { Call } from '../sdk/call.ts';
import { row } from '../util/payload.ts';
import { conversationIn } from './conversation-context.ts';

/** The parts of the hierarchy: each knows the calls of one API, or those that belong together in another way. */
export type HierarchyPart = 'agents' | 'assistants' | 'histories' | 'polls' | 'responses';

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
 */
export function partOf(call: Call, { route }: ApiRequest, hasSpan: boolean): HierarchyPart | undefined {
  const family = row(FAMILIES, route.family) ?? (isPoll(call, route) ? 'polls' : undefined);
  return family ?? (hasSpan && conversationIn(call.context) !== undefined ? 'histories' : undefined);
}

/** A request of one of the SDK's poll helpers; those of runs are part of the run. */
function isPoll({ pollHelper, method }: Call, { folds }: ApiRequest['route']): boolean {
  return pollHelper && method === 'GET' && folds === undefined;
}
