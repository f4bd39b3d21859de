import { type ApiRequest, response as createResponse, operationOf } from '../../operations/index.ts';
import { conversationIdOf } from '../../operations/response/outcome.ts';
import type { Call } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
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
