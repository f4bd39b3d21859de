import type { MessagePart, ToolDefinition } from '../config/completion-types.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { field, stringField, textField } from '../util/payload.ts';
import { defined } from './attributes.ts';
import { readInstructions } from './response/content.ts';
import { readToolDefinitions } from './tool-definitions.ts';

/** @see https://platform.openai.com/docs/api-reference/assistants/createAssistant */
export const createAgent: Operation = {
  endpoints: ['POST /assistants', 'POST /agents'],
  name: 'create_agent',
  subject: ({ body }) => stringField(body, 'name'),
  requestAttributes: ({ body }) =>
    defined({
      [ATTR.GEN_AI_REQUEST_MODEL]: stringField(body, 'model'),
      [ATTR.GEN_AI_AGENT_NAME]: stringField(body, 'name'),
    }),
  resultAttributes(result, route) {
    const id = stringField(result, 'id');
    const assistantId = route?.template === '/assistants' ? id : undefined;
    return defined({ [ATTR.GEN_AI_AGENT_ID]: id, [ATTR.OPENAI_ASSISTANT_ID]: assistantId });
  },
  content: {
    input: ({ body }) => ({
      parameters: defined({ [ATTR.GEN_AI_AGENT_DESCRIPTION]: textField(body, 'description') }),
      ...readAgentContent(body),
    }),
  },
};

export interface AgentContent {
  readonly systemInstructions: readonly MessagePart[];
  readonly toolDefinitions: readonly ToolDefinition[];
}

/** Reads the content of an agent, or what a request sets in its place for one run. */
export function readAgentContent(agent: unknown): AgentContent {
  return {
    systemInstructions: readInstructions(field(agent, 'instructions')),
    toolDefinitions: readToolDefinitions(agent),
  };
}
