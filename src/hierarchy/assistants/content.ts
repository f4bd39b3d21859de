import type { Message, MessagePart } from '../../config/completion-types.ts';
import { citationParts } from '../../operations/citations.ts';
import { partsOf, unknownPart, urlPart } from '../../telemetry/content/messages.ts';
import { arrayField, field, first, objectField, stringField, textField } from '../../util/payload.ts';
import type { ToolOutput } from '../dialect.ts';

/** Reads a message of a thread, or of the request that creates it. */
export function readThreadMessageContent(message: unknown): Message {
  const content = field(message, 'content');
  return {
    role: textField(message, 'role') ?? 'user',
    parts: [
      ...(typeof content === 'string' ? [{ type: 'text' as const, content }] : readThreadParts(content)),
      ...first(arrayField(message, 'attachments')).flatMap((attachment) =>
        readThreadFile(attachment, 'document'),
      ),
    ],
  };
}

function readThreadFile(value: unknown, modality: 'document' | 'image'): MessagePart[] {
  const fileId = textField(value, 'file_id');
  return fileId === undefined ? [] : [{ type: 'file', modality, file_id: fileId }];
}

function readThreadParts(content: unknown): MessagePart[] {
  return Array.isArray(content) ? partsOf(content, readPart) : [];
}

/** @see https://platform.openai.com/docs/api-reference/messages/object */
function readPart(part: unknown): MessagePart[] {
  const text = field(part, 'text');
  switch (textField(part, 'type')) {
    case 'text':
      return [
        { type: 'text', content: typeof text === 'string' ? text : (textField(text, 'value') ?? '') },
        ...citationParts(field(text, 'annotations')),
      ];
    case 'refusal':
      return [{ type: 'text', content: textField(part, 'refusal') ?? '' }];
    case 'image_file':
      return readThreadFile(objectField(part, 'image_file'), 'image');
    case 'image_url': {
      const url = textField(objectField(part, 'image_url'), 'url');
      return url === undefined ? [] : [urlPart(url, 'image')];
    }
    case undefined:
      return [];
    default:
      return unknownPart();
  }
}

/** The outputs that the program submits for a run. */
export function readToolOutputs(body: unknown, content: boolean): ToolOutput[] {
  return arrayField(body, 'tool_outputs').flatMap((output) => {
    const callId = stringField(output, 'tool_call_id');
    if (callId === undefined) return [];
    const text = content ? field(output, 'output') : undefined;
    return [{ invocationId: undefined, callId, output: text, outcome: undefined }];
  });
}
