import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { ApiRequest, Operation } from '../telemetry/operation.ts';
import { asName, asWord, field, row, stringField } from '../util/payload.ts';
import { define } from './attributes.ts';
import { readResourceFailure } from './failures.ts';

export const request: Operation = {
  /** Empty, because this operation is used for every endpoint that no other one declares. */
  endpoints: [],
  subject: ({ route }) => route.endpoint,
  requestAttributes(apiRequest): Attributes {
    const { route, streamed } = apiRequest;
    const attributes: Attributes = {
      [ATTR.HTTP_REQUEST_METHOD]: route.method,
      [ATTR.URL_TEMPLATE]: route.template,
      ...pathAttributes(apiRequest),
    };
    define(attributes, ATTR.OPENAI_API_TYPE, row(API_TYPES, route.family));
    define(attributes, ATTR.GEN_AI_REQUEST_STREAM, streamed || undefined);
    return attributes;
  },
  resultAttributes(result, route): Attributes {
    const attributes: Attributes = {};
    const fields = row(OBJECT_FIELDS, stringField(result, 'object'));
    for (const [key, name, read = asWord] of fields ?? []) define(attributes, name, read(field(result, key)));
    const status = fields === undefined ? asWord(field(result, 'status')) : undefined;
    define(attributes, ATTR.OPENAI_RESOURCE_STATUS, status);
    const created = route?.created;
    const id = created === undefined ? undefined : stringField(result, created.field);
    if (created?.attribute === undefined || id === undefined) return attributes;
    attributes[created.attribute] = id;
    if (created.isConversation) attributes[ATTR.GEN_AI_CONVERSATION_ID] = id;
    return attributes;
  },
  failure: readResourceFailure,
};

/**
 * By the first segment of the path. On calls of the Assistants and Agents APIs, `src/hierarchy` sets the
 * attribute.
 */
const API_TYPES: Readonly<Record<string, string>> = {
  chat: 'chat_completions',
  conversations: 'responses',
  live: 'live',
  realtime: 'realtime',
  responses: 'responses',
};

const OBJECT_FIELDS: Readonly<
  Record<string, readonly (readonly [key: string, attribute: string, read?: typeof asName])[]>
> = {
  response: [['status', ATTR.GEN_AI_RESPONSE_STATUS]],
  'thread.run': [
    ['status', ATTR.OPENAI_RUN_STATUS],
    ['assistant_id', ATTR.OPENAI_ASSISTANT_ID, asName],
  ],
  'thread.run.step': [
    ['type', ATTR.OPENAI_STEP_TYPE],
    ['status', ATTR.OPENAI_STEP_STATUS],
  ],
};

export function pathAttributes({ route, values }: ApiRequest): Attributes {
  const attributes: Attributes = {};
  const { parameters } = route;
  for (let index = 0; index < parameters.length; index++) {
    const { attribute, isConversation = false } = parameters[index] ?? {};
    const value = values[index];
    if (attribute === undefined || value === undefined) continue;
    attributes[attribute] = value;
    if (isConversation) attributes[ATTR.GEN_AI_CONVERSATION_ID] = value;
  }
  return attributes;
}
