import type { Message, MessagePart } from '../../config/completion-types.ts';
import { parseJson, partsOf, urlPart } from '../../telemetry/content/messages.ts';
import { arrayField, asArray, field, textField } from '../../util/payload.ts';
import { readRequestMessages } from '../read-request.ts';

/** @param input a text, or messages of the user or of the agent */
export function readSessionInput(input: unknown, content: boolean): readonly (Message | undefined)[] {
  const isText = typeof input === 'string' && input !== '';
  const messages = isText ? [{ content: [{ text: input }] }] : asArray(input);
  return readRequestMessages(messages, content, readSessionMessage);
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
