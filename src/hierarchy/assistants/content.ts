import type { Message, MessagePart } from '../../config/completion-types.ts';
import { readToolDefinitions } from '../../operations/chat/messages.ts';
import { partsOf, urlPart } from '../../telemetry/content/messages.ts';
import { arrayField, field, first, objectField, textField } from '../../util/payload.ts';
import type { InvocationContent } from '../model.ts';

export function readRunContent(run: unknown): InvocationContent {
  const instructions = textField(run, 'instructions');
  return {
    systemInstructions: instructions === undefined ? [] : [{ type: 'text', content: instructions }],
    toolDefinitions: readToolDefinitions(run),
  };
}

/** Reads a message of a thread, or of the request that creates it. */
export function readThreadMessageContent(message: unknown): Message {
  const content = field(message, 'content');
  return {
    role: textField(message, 'role') ?? 'user',
    parts: [
      ...(typeof content === 'string' ? [{ type: 'text' as const, content }] : readThreadParts(content)),
      ...first(arrayField(message, 'attachments')).flatMap(readAttachment),
    ],
  };
}

function readAttachment(attachment: unknown): MessagePart[] {
  const fileId = textField(attachment, 'file_id');
  return fileId === undefined ? [] : [{ type: 'file', modality: 'document', file_id: fileId }];
}

function readThreadParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? partsOf(content, readPart) : [];
}

/** @see https://platform.openai.com/docs/api-reference/messages/object */
function readPart(part: unknown): MessagePart[] {
  const text = field(part, 'text');
  switch (textField(part, 'type')) {
    case 'text':
      return [{ type: 'text', content: typeof text === 'string' ? text : (textField(text, 'value') ?? '') }];
    case 'refusal':
      return [{ type: 'text', content: textField(part, 'refusal') ?? '' }];
    case 'image_file': {
      const fileId = textField(objectField(part, 'image_file'), 'file_id');
      return fileId === undefined ? [] : [{ type: 'file', modality: 'image', file_id: fileId }];
    }
    case 'image_url': {
      const url = textField(objectField(part, 'image_url'), 'url');
      return url === undefined ? [] : [urlPart(url, 'image')];
    }
    default:
      return [];
  }
}

/** The outputs that the program submits, by the id of the tool call. */
export function readToolOutputs(body: unknown): Map<string, unknown> {
  return new Map(
    arrayField(body, 'tool_outputs').flatMap((output) => {
      const id = textField(output, 'tool_call_id');
      return id === undefined ? [] : [[id, field(output, 'output')] as const];
    }),
  );
}

/**
 * The user messages in a request that creates a thread (`messages`) or a run (`additional_messages`): one entry each, with
 * its content if content is recorded.
 */
export function readAskedMessages(body: unknown, content: boolean): (Message | undefined)[] {
  return [...arrayField(body, 'messages'), ...arrayField(body, 'additional_messages')]
    .filter((message) => field(message, 'role') === 'user')
    .map((message) => (content ? readThreadMessageContent(message) : undefined));
}
