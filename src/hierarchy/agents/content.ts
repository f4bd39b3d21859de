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

/** The instructions and tools of an agent, in a request or in a session. */
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
 * The messages in a request, of the user or of the agent: one entry each of the user's, with its content if content is
 * recorded. Those of the agent have none without it.
 *
 * @param input a text, or messages
 */
export function readSessionInput(input: unknown, content: boolean): (Message | undefined)[] {
  if (typeof input === 'string')
    return input === ''
      ? []
      : [content ? { role: 'user', parts: [{ type: 'text', content: input }] } : undefined];
  const messages: unknown[] = Array.isArray(input) ? input : [];
  return content
    ? messages.map(readSessionMessage)
    : messages.filter((message) => field(message, 'role') !== 'assistant').map(() => undefined);
}

/** Reads a message of the user or of the agent. */
export function readSessionMessage(message: unknown): Message {
  return {
    role: textField(message, 'role') ?? 'user',
    parts: readSessionParts(arrayField(message, 'content')),
  };
}

/** Reads the visible reasoning of the agent. */
export function readSessionReasoning(item: unknown): Message | undefined {
  const parts = partsOf(arrayField(item, 'summary'), (part): MessagePart[] => {
    const content = textField(part, 'text');
    return content === undefined ? [] : [{ type: 'reasoning', content }];
  });
  return parts.length === 0 ? undefined : { role: 'assistant', parts };
}

/** Reads texts and images, not encrypted parts. */
export function readSessionParts(content: readonly unknown[]): MessagePart[] {
  return partsOf(content, (part): MessagePart[] => {
    const text = field(part, 'text');
    if (typeof text === 'string') return [{ type: 'text', content: text }];
    const url = textField(part, 'image_url');
    return url === undefined ? [] : [urlPart(url, 'image')];
  });
}

/** The result of a function: text, which is often JSON, or parts. */
export function readFunctionOutput(output: unknown): unknown {
  return Array.isArray(output) ? readSessionParts(output) : parseJson(output);
}
