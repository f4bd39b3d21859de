import { type ApiRequest, response as createResponse, operationOf } from '../../operations/index.ts';
import { conversationIdOf } from '../../operations/response/outcome.ts';
import type { Call } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import { ownEntries, ownValue } from '../../util/own-data.ts';
import { arrayField, field, MAX_REPEATED, names } from '../../util/payload.ts';
import { conversationIn } from '../conversation-context.ts';

/** Whether the request creates a response. */
export function isResponse(route: Route): boolean {
  return operationOf(route) === createResponse;
}

/** The conversation that the program has named, for an operation that names none. */
export function conversationNamed({ context }: Call, route: Route): string | undefined {
  return operationOf(route).name === undefined ? undefined : conversationIn(context);
}

/** The Conversation that a request names. */
export function conversationOf({ route, values, body }: ApiRequest): string | undefined {
  if (route.template.startsWith('/conversations/')) return values[0];
  return isResponse(route) ? conversationIdOf(body) : undefined;
}

/** The number of user messages in a request. */
export function countUserMessages(body: unknown): number {
  const input = field(body, 'input');
  if (typeof input === 'string') return 1;
  return arrayField(body, 'input').filter((item) => field(item, 'role') === 'user').length;
}

/** The vector stores that the request allows the model to search. */
export function readVectorStoreIds(body: unknown): string[] {
  return ownEntries(field(body, 'tools'))
    .filter((tool) => ownValue(tool, 'type') === 'file_search')
    .flatMap((tool) => names(ownEntries(ownValue(tool, 'vector_store_ids'))))
    .slice(0, MAX_REPEATED);
}
