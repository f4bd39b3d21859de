import { type ApiRequest, response as createResponse, operationOf } from '../../operations/index.ts';
import { conversationIdOf } from '../../operations/response/outcome.ts';
import type { Route } from '../../sdk/routes/index.ts';
import { ownEntries, ownValue } from '../../util/own-data.ts';
import { field, MAX_REPEATED, names, stringField } from '../../util/payload.ts';

const NO_VECTOR_STORES: readonly string[] = [];

/** Whether the request creates a response. */
export function isResponse(route: Route): boolean {
  return operationOf(route) === createResponse;
}

/** The Conversation that a request names. */
export function conversationOf(
  { route, values, body }: ApiRequest,
  createsResponse: boolean,
): string | undefined {
  if (createsResponse) return conversationIdOf(body);
  return route.template.startsWith('/conversations/') ? values[0] : undefined;
}

/** The response that a request refers to. */
export function responseReferredBy(
  { values, body }: ApiRequest,
  createsResponse: boolean,
): string | undefined {
  return createsResponse ? stringField(body, 'previous_response_id') : values[0];
}

/** The vector stores that the request allows the model to search. */
export function readVectorStoreIds(body: unknown): readonly string[] {
  const tools = field(body, 'tools');
  if (tools === undefined) return NO_VECTOR_STORES;
  return ownEntries(tools)
    .filter((tool) => ownValue(tool, 'type') === 'file_search')
    .flatMap((tool) => names(ownEntries(ownValue(tool, 'vector_store_ids'))))
    .slice(0, MAX_REPEATED);
}
