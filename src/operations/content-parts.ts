import type { MessagePart } from '../config/completion-types.ts';
import { blobPart, urlPart } from '../telemetry/content/media.ts';
import { textPart, unknownPart } from '../telemetry/content/messages.ts';
import {
  asObject,
  asText,
  countField,
  field,
  first,
  type PayloadObject,
  row,
  textField,
} from '../util/payload.ts';
import { citationParts } from './citations.ts';

const NO_PARTS: readonly unknown[] = [];

type Kind = 'text' | 'refusal' | 'reasoning' | 'image' | 'document' | 'audio' | 'hidden';

/**
 * The kind of content of each type of message part, in all APIs.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create#chat_create-messages
 * @see https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
 * @see https://platform.openai.com/docs/api-reference/messages/object
 */
const PART_KINDS: Readonly<Record<string, Kind>> = {
  text: 'text',
  input_text: 'text',
  output_text: 'text',
  refusal: 'refusal',
  summary_text: 'reasoning',
  reasoning_text: 'reasoning',
  thinking: 'reasoning',
  encrypted_content: 'hidden',
  image_url: 'image',
  image_file: 'image',
  input_image: 'image',
  computer_screenshot: 'image',
  file: 'document',
  input_file: 'document',
  audio: 'audio',
  input_audio: 'audio',
  output_audio: 'audio',
};

/** A part that cannot be read is marked as left out. Only an empty part has no mark. */
export function readContentPart(part: unknown): MessagePart[] {
  if (part === undefined || part === null) return [];
  const type = textField(part, 'type');
  if (type === undefined) {
    const text = textOfPart(part);
    return text === undefined && part !== '' ? unknownPart() : textParts('text', part, text);
  }
  // Chat completions and Assistants nest the content of a part in a field that is named after the type.
  const value = field(part, type);
  const holder = asObject(value) ?? part;
  switch (row(PART_KINDS, type)) {
    case 'text':
      return [...textParts('text', part, textOfPart(part)), ...citationParts(field(holder, 'annotations'))];
    case 'refusal':
      return textParts('refusal', part, textOfPart(part));
    case 'reasoning':
      return textParts('reasoning', part, textOfPart(part));
    case 'image':
      return readFile(holder, 'image', asText(value) ?? textField(holder, 'image_url'));
    case 'document':
      return readFile(holder, 'document', textField(holder, 'file_url'));
    case 'audio':
      return readAudio(holder, textParts('text', part, textField(part, 'transcript')));
    case 'hidden':
      return [];
    default:
      // Other servers also accept videos and documents, by types such as `video_url`.
      return type.endsWith('_url') ? readFile(holder, type.slice(0, -4), asText(value)) : unknownPart();
  }
}

/** @param part contains the original length of the text if our accumulator has cut it */
function textParts(
  type: 'text' | 'refusal' | 'reasoning',
  part: unknown,
  content: string | undefined,
): MessagePart[] {
  return content === undefined ? [] : [textPart(type, content, countField(part, 'original_length'))];
}

/** Some servers accept a text as a part. Assistants wrap the text in an object. Mistral sends a list as `thinking`. */
export function textOfPart(part: unknown): string | undefined {
  if (typeof part === 'string') return asText(part);
  const text = field(part, 'text') ?? field(part, 'refusal') ?? field(part, 'thinking');
  return (
    asText(text) ??
    textField(text, 'value') ??
    (Array.isArray(text)
      ? first(text)
          .map((piece) => textField(piece, 'text') ?? '')
          .join('')
      : undefined)
  );
}

function readFile(holder: unknown, modality: string, urlGiven: string | undefined): MessagePart[] {
  const url = urlGiven ?? textField(holder, 'url');
  if (url !== undefined) return [urlPart(url, modality)];
  const data = textField(holder, 'file_data');
  if (data !== undefined)
    return [data.startsWith('data:') ? urlPart(data, modality) : blobPart(data, modality)];
  const file_id = textField(holder, 'file_id');
  return file_id === undefined ? unknownPart() : [{ type: 'file', modality, file_id }];
}

/** Of spoken audio, a session has often only the transcript. */
function readAudio(holder: unknown, transcript: readonly MessagePart[]): MessagePart[] {
  const data = textField(holder, 'data');
  const format = textField(holder, 'format');
  if (data === undefined) return transcript.length > 0 ? [...transcript] : unknownPart();
  return [...transcript, blobPart(data, 'audio', format === undefined ? undefined : `audio/${format}`)];
}

/** The images beside the content of a chat message, as parts. Some servers send a URL, or base64, as an image. */
export function imagesOf({ images }: PayloadObject): readonly unknown[] {
  if (images === undefined || images === null) return NO_PARTS;
  return (Array.isArray(images) ? images : [images]).map((image: unknown) =>
    textField(image, 'type') === undefined ? { type: 'image_url', image_url: image } : image,
  );
}
