import type { MessagePart } from '../../config/completion-types.ts';
import { blobPart, textPart, unknownPart, urlPart } from '../../telemetry/content/messages.ts';
import { countField, field, row, textField } from '../../util/payload.ts';
import { citationParts } from '../citations.ts';

/**
 * Converts the parts of a message of the Responses API, by type.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
 */
const PARTS: Readonly<Record<string, (part: unknown) => MessagePart[]>> = {
  input_text: (part) => textParts(field(part, 'text')),
  output_text: (part) => [
    ...textParts(field(part, 'text'), part),
    ...citationParts(field(part, 'annotations')),
  ],
  text: (part) => textParts(field(part, 'text')),
  encrypted_content: () => [],
  summary_text: (part) => textParts(field(part, 'text'), part, 'reasoning'),
  reasoning_text: (part) => textParts(field(part, 'text'), part, 'reasoning'),
  refusal: (part) => textParts(field(part, 'refusal'), part),
  input_image: (part) => readImage(part),
  computer_screenshot: (part) => readImage(part),
  input_file: readFile,
  input_audio: readInputAudio,
  audio: (part) => textParts(field(part, 'transcript')),
  output_audio: (part) => [...textParts(field(part, 'transcript')), ...readAudio(part, undefined)],
};

export function readContentPart(part: unknown): MessagePart[] {
  const type = textField(part, 'type');
  return type === undefined ? [] : (row(PARTS, type)?.(part) ?? unknownPart());
}

/** @param kept the part kept of a stream, with the original length of a cut text */
function textParts(content: unknown, kept?: unknown, type: 'text' | 'reasoning' = 'text'): MessagePart[] {
  return typeof content === 'string' && content !== ''
    ? [textPart(type, content, countField(kept, 'original_length'))]
    : [];
}

function readImage(part: unknown): MessagePart[] {
  const url = textField(part, 'image_url');
  return url === undefined ? fileById(part, 'image') : [urlPart(url, 'image')];
}

function readFile(part: unknown): MessagePart[] {
  const url = textField(part, 'file_url');
  if (url !== undefined) return [urlPart(url, 'document')];
  const data = textField(part, 'file_data');
  if (data === undefined) return fileById(part, 'document');
  return [data.startsWith('data:') ? urlPart(data, 'document') : blobPart(data, 'document')];
}

function readInputAudio(part: unknown): MessagePart[] {
  const audio = field(part, 'input_audio');
  return [...textParts(field(part, 'transcript')), ...readAudio(audio, textField(audio, 'format'))];
}

function readAudio(holder: unknown, format: string | undefined): MessagePart[] {
  const data = textField(holder, 'data');
  if (data === undefined) return [];
  return [blobPart(data, 'audio', format === undefined ? undefined : `audio/${format}`)];
}

function fileById(part: unknown, modality: string): MessagePart[] {
  const fileId = textField(part, 'file_id');
  return fileId === undefined ? [] : [{ type: 'file', modality, file_id: fileId }];
}
