import type { Message, MessagePart } from '../../config/completion-types.ts';
import { readToolDefinitions } from '../../operations/chat/messages.ts';
import { partsOf, urlPart } from '../../telemetry/content/messages.ts';
import { arrayField, field, first, objectField, stringField, textField } from '../../util/payload.ts';
import type { ToolOutput } from '../dialect.ts';
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

/** The outputs that the program submits for a run. */
export function readToolOutputs(body: unknown, content: boolean): ToolOutput[] {
  return arrayField(body, 'tool_outputs').flatMap((output) => {
    const callId = stringField(output, 'tool_call_id');
    if (callId === undefined) return [];
    const text = content ? field(output, 'output') : undefined;
    return [{ invocationId: undefined, callId, output: text, failure: undefined }];
  });
}

/** The messages of a request: those of the user, and with content also those of another role. */
export function readAskedMessages(messages: readonly unknown[], content: boolean): (Message | undefined)[] {
  return messages
    .filter((message) => content || field(message, 'role') !== 'assistant')
    .map((message) => (content ? readThreadMessageContent(message) : undefined));
}
