import type { Message, MessagePart } from '../../config/completion-types.ts';
import { readToolDefinitions } from '../../operations/chat/messages.ts';
import { parseJson, partsOf, urlPart } from '../../telemetry/content/messages.ts';
import { arrayField, field, textField } from '../../util/payload.ts';
import type { InvocationContent, ToolCallContent } from '../model.ts';

export const NO_TOOL_CONTENT: ToolCallContent = {
  arguments: undefined,
  result: undefined,
  query: undefined,
  documents: [],
};

/** What an agent is told beside the messages: the same shape in a request and in a session. */
export function readAgentContent(agent: unknown): InvocationContent {
  const instructions = textField(agent, 'instructions');
  return {
    systemInstructions: instructions === undefined ? [] : [{ type: 'text', content: instructions }],
    toolDefinitions: readToolDefinitions(agent),
  };
}

export function readArguments(value: unknown): ToolCallContent {
  return { ...NO_TOOL_CONTENT, arguments: parseJson(value) };
}

/**
 * The user's messages in a request: one entry for each, with what it says where content is recorded.
 *
 * @param input a text, or messages
 */
export function readInputMessages(input: unknown, content: boolean): (Message | undefined)[] {
  if (typeof input === 'string')
    return input === ''
      ? []
      : [content ? { role: 'user', parts: [{ type: 'text', content: input }] } : undefined];
  return (Array.isArray(input) ? input : []).map((message: unknown) =>
    content ? readMessage(message) : undefined,
  );
}

/** A message of the user's or of the agent's. */
export function readMessage(message: unknown): Message {
  return {
    role: textField(message, 'role') ?? 'user',
    parts: readParts(arrayField(message, 'content')),
  };
}

/** What the agent tells of its reasoning. */
export function readReasoning(item: unknown): Message | undefined {
  const parts = partsOf(arrayField(item, 'summary'), (part): MessagePart[] => {
    const content = textField(part, 'text');
    return content === undefined ? [] : [{ type: 'reasoning', content }];
  });
  return parts.length === 0 ? undefined : { role: 'assistant', parts };
}

/** Texts and images; what is encrypted is left out. */
export function readParts(content: readonly unknown[]): MessagePart[] {
  return partsOf(content, (part): MessagePart[] => {
    const text = field(part, 'text');
    if (typeof text === 'string') return [{ type: 'text', content: text }];
    const url = textField(part, 'image_url');
    return url === undefined ? [] : [urlPart(url, 'image')];
  });
}

/** The result of a function: text, which is often JSON, or parts. */
export function readFunctionOutput(output: unknown): unknown {
  return Array.isArray(output) ? readParts(output) : parseJson(output);
}
