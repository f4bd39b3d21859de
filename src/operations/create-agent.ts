import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { stringField, textField } from '../util/payload.ts';
import { define } from './attributes.ts';
import { readResponseTools } from './response/tool-definitions.ts';
import { nameWith } from './subject.ts';

/**
 * `POST /assistants` and `POST /agents`: creates an agent.
 *
 * @see https://platform.openai.com/docs/api-reference/assistants/createAssistant
 */
export const createAgent: Operation = {
  endpoints: ['POST /assistants', 'POST /agents'],
  name: 'create_agent',
  spanName: ({ body }) => nameWith('create_agent', stringField(body, 'name')),
  requestAttributes({ body }): Attributes {
    const attributes: Attributes = { [ATTR.GEN_AI_OPERATION_NAME]: 'create_agent' };
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, stringField(body, 'model'));
    define(attributes, ATTR.GEN_AI_AGENT_NAME, stringField(body, 'name'));
    return attributes;
  },
  resultAttributes(result, route): Attributes {
    const attributes: Attributes = {};
    const id = stringField(result, 'id');
    define(attributes, ATTR.GEN_AI_AGENT_ID, id);
    if (route.template === '/assistants') define(attributes, ATTR.OPENAI_ASSISTANT_ID, id);
    return attributes;
  },
  content: {
    requestAttributes({ body }): Attributes {
      const attributes: Attributes = {};
      define(attributes, ATTR.GEN_AI_AGENT_DESCRIPTION, textField(body, 'description'));
      return attributes;
    },
    toolDefinitions: ({ body }) => readResponseTools(body),
    systemInstructions({ body }) {
      const instructions = textField(body, 'instructions');
      return instructions === undefined ? [] : [{ type: 'text', content: instructions }];
    },
  },
};
