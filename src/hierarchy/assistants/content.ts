import type { Message, MessagePart } from '../../config/completion-types.ts';
import { readContentPart } from '../../operations/content-parts.ts';
import { partsOf } from '../../telemetry/content/messages.ts';
import { arrayField, field, first, stringField, textField } from '../../util/payload.ts';
import type { ToolOutput } from '../dialect.ts';

/** Reads a message of a thread, or of the request that creates it. */
export function readThreadMessageContent(message: unknown): Message {
  const content = field(message, 'content');
  return {
    role: textField(message, 'role') ?? 'user',
    parts: [
      ...(typeof content === 'string'
        ? [{ type: 'text' as const, content }]
        : partsOf(arrayField(message, 'content'), readContentPart)),
      ...first(arrayField(message, 'attachments')).flatMap(readAttachment),
    ],
  };
}

function readAttachment(attachment: unknown): MessagePart[] {
  const file_id = textField(attachment, 'file_id');
  return file_id === undefined ? [] : [{ type: 'file', modality: 'document', file_id }];
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
