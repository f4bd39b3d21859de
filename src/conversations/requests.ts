import { type Attributes, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Call } from '../client/call.ts';
import type { Route } from '../client/routes.ts';
import { define } from '../operations/attributes.ts';
import { stringField } from '../payload.ts';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_OPENAI_REQUEST_ID,
  ATTR_OPENAI_RUN_STATUS,
  ATTR_URL_TEMPLATE,
} from '../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUEST } from '../semconv/events.ts';
import { callAttributes } from '../telemetry/call-span.ts';
import { readFailure } from '../telemetry/error.ts';
import { recordToolDuration } from '../telemetry/tool-span.ts';
import type { Invocation } from './invocation.ts';

/** What a request about an invocation leaves on its span, where it has no span of its own. */
export function addRequestEvent(invocation: Invocation, call: Call, route: Route): void {
  const attributes: Attributes = {
    [ATTR_HTTP_REQUEST_METHOD]: route.method,
    [ATTR_URL_TEMPLATE]: route.template,
  };
  const { [ATTR_OPENAI_REQUEST_ID]: requestId } = callAttributes(call);
  define(attributes, ATTR_OPENAI_REQUEST_ID, requestId);
  define(attributes, ATTR_OPENAI_RUN_STATUS, stringField(call.value, 'status'));
  define(attributes, ATTR_HTTP_RESPONSE_STATUS_CODE, call.status);
  if (call.attempts.length > 1) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = call.attempts.length - 1;
  if (call.error !== undefined) attributes[ATTR_ERROR_TYPE] = readFailure(call.error).type;
  invocation.span.addEvent(EVENT_OPENAI_RUN_REQUEST, attributes, call.endTime);
}

/** The server has taken what the program says of tool calls that it was asked for. */
export function answerToolCalls(
  invocation: Invocation,
  outputs: ReadonlyMap<string, unknown>,
  time: number,
): void {
  const { telemetry, steps, agent } = invocation;
  for (const { snapshot, seconds } of steps.answer(outputs, time))
    recordToolDuration(telemetry, snapshot, agent?.name, seconds, invocation.contextIn(ROOT_CONTEXT));
}
