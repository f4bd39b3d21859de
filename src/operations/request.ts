import type { Attributes } from '@opentelemetry/api';
import { stringField } from '../payload.ts';
import {
  ATTR_GEN_AI_CONVERSATION_ID,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_OPENAI_THREAD_ID,
  ATTR_URL_TEMPLATE,
} from '../semconv/attributes.ts';
import { define } from './attributes.ts';
import type { ApiRequest, Operation } from './operation.ts';

/** Every endpoint that the conventions have no operation for: a span with its method, path template and ids. */
export const request: Operation = {
  spanName: ({ route }) => `${route.method} ${route.template}`,
  requestAttributes: (apiRequest) => ({
    [ATTR_HTTP_REQUEST_METHOD]: apiRequest.route.method,
    [ATTR_URL_TEMPLATE]: apiRequest.route.template,
    ...pathAttributes(apiRequest),
  }),
  /** The id of what a request to a collection has created. */
  resultAttributes(result, { route }): Attributes {
    const attributes: Attributes = {};
    if (route.created === undefined) return attributes;
    define(attributes, route.created, stringField(result, 'id'));
    if (route.created === ATTR_OPENAI_THREAD_ID)
      define(attributes, ATTR_GEN_AI_CONVERSATION_ID, stringField(result, 'id'));
    return attributes;
  },
};

/** The ids in the path, under the names the route table gives them. */
export function pathAttributes({ route, values }: ApiRequest): Attributes {
  const attributes: Attributes = {};
  route.parameters.forEach(({ attribute }, index) => {
    const value = values[index];
    if (attribute === undefined || value === undefined) return;
    attributes[attribute] = value;
    if (attribute === ATTR_OPENAI_THREAD_ID) attributes[ATTR_GEN_AI_CONVERSATION_ID] = value;
  });
  return attributes;
}
